/**
 * Shows the forms that a passkey fills, where the browser knows how, and fills them when they are sent. The browser is asked
 * on a press of a button only, so nobody is surprised.
 */
export const passkeyScript = `const known = window.PublicKeyCredential
const forms = known?.parseRequestOptionsFromJSON ? document.querySelectorAll('form[data-passkey]') : []
for (const form of forms) {
  form.hidden = false
  form.addEventListener('submit', async (event) => {
    const field = form.elements.namedItem('passkey')
    if (field.value !== '') return
    event.preventDefault()
    const failed = form.querySelector('[data-failed]')
    failed.hidden = true
    try {
      const options = JSON.parse(form.dataset.options)
      const credential = form.dataset.passkey === 'create'
        ? await navigator.credentials.create({ publicKey: known.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: known.parseRequestOptionsFromJSON(options) })
      field.value = JSON.stringify(credential.toJSON())
      form.requestSubmit()
    } catch {
      field.value = ''
      failed.hidden = false
    }
  })
}
addEventListener('pageshow', () => {
  for (const form of forms) form.elements.namedItem('passkey').value = ''
})
`
