/** The link to the home page of an application: its host is the text, so that nobody is told another place than it leads to. */
import { type Html, html } from './html.ts'

export function homepageLink(uri: string): Html {
  return html`<a href="${uri}" rel="noopener noreferrer nofollow">${new URL(uri).host}</a>`
}
