/**
 * `GET` and `POST /oauth/authorize`. OpenID Connect Discovery §3 requires the endpoint in the metadata, and strict clients
 * load no document without it. People cannot sign in yet, so whoever comes here is told so.
 */
import type { Answer } from '../http/answer.ts'

/** RFC 6749 §4.1.2.1: no redirect URI is known to be the client's, so the person is told and not sent on. */
export function authorize(): Answer {
  return { status: 400, headers, body: page }
}

const headers = {
  'Cache-Control': 'no-store',
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'Referrer-Policy': 'no-referrer',
}

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sign-in is not available</title>
<main data-error="unsupported_response_type">
<h1>Sign-in is not available</h1>
<p>This server issues tokens to programs, and nobody can sign in here yet. Close this page. If an application sent you,
tell those who run it that its client can use the grants that the server’s metadata lists.</p>
</main>
`
