/** The mail that `dev` shows on its terminal. */
import type { Product } from './product.fixture.ts'

/** The last mail to an address that asks for something; waits until it is there. */
export async function mailTo(product: Product, email: string): Promise<string> {
  for (;;) {
    const [, mail] = new RegExp(`.*Mail to ${email}: ([^]*)$`, 's').exec(product.stderr()) ?? []
    if (mail?.includes('do nothing') === true) return mail
    await new Promise((read) => product.process.stderr?.once('data', read))
  }
}

export async function mailedCode(product: Product, email: string): Promise<string> {
  return /^ +(\d{4} \d{4})$/m.exec(await mailTo(product, email))?.[1] as string
}
