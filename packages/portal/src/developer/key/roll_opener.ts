/** The button that opens the roll: focus returns to it. */
export const rollOpener = 'roll-opener'
