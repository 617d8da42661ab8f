/** A form that was filled in wrongly: the reason, and the fields that it is about. */
import { type Html, html } from './html.ts'

export function wrongText(wrong: string | undefined): Html | undefined {
  return wrong === undefined ? undefined : html`<p class="wrong" role="alert" id="wrong">${wrong}</p>`
}

/** The attributes of a field. */
export function invalid(wrong: string | undefined): Html | undefined {
  return wrong === undefined ? undefined : html` aria-invalid="true" aria-describedby="wrong"`
}

/** 422 where nothing else was said, and the error's code for whoever automates a browser. */
export function wrongAnswer(
  wrong: string | undefined,
  status?: number,
): { readonly status: number; readonly error?: string } {
  return wrong === undefined ? { status: status ?? 200 } : { status: status ?? 422, error: 'wrong' }
}

export const busyText = 'Too many people sign in at this moment. Try again.'

export function waitText(seconds: number): string {
  return `Too many tries. Try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`
}
