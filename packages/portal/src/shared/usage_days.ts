/** The days that charts show, in UTC; the last is today. */
export const usageDays = 30
