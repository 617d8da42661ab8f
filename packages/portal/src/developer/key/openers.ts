/** The buttons that open the panels of a key, by their ids: focus returns to them. */
export const openers = { edit: 'edit-opener', roll: 'roll-opener' } as const
