/** The buttons that open a panel: focus returns to them. */
export const editOpener = 'edit-opener'
export const addOpener = 'add-opener'
