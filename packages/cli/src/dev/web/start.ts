/** Puts the demo application beside server and gateway. */
import { createServerSignIn } from '@countersign/client'
import { type CountersignServer, provisionApplication } from '@countersign/server'
import { CommandError } from '../../exit.ts'
import { type Bound, bind } from '../bind.ts'
import { createWebApplication } from './application.ts'

export interface Web {
  readonly url: string
  readonly clientId: string
  stop(): void
}

/** The port behind the gateway's where it is free, so that a bookmark lasts; else any. */
export async function bindWeb(gatewayPort: number): Promise<Bound> {
  try {
    return await bind(gatewayPort + 1, undefined, '--gateway-port')
  } catch (error) {
    if (!(error instanceof CommandError || error instanceof RangeError)) throw error
    return bind(0, undefined, '--gateway-port')
  }
}

export async function startWeb(
  server: CountersignServer,
  bound: Bound,
  options: {
    readonly issuer: string
    readonly apiId: string
    readonly apiUrl: string
    readonly audience: string
    readonly clientId: string | undefined
  },
): Promise<Web> {
  const { issuer, apiId, apiUrl, audience } = options
  const url = `http://localhost:${bound.port}`
  const redirectUri = `${url}/callback`
  const scope = 'orders:read orders:write'
  const { clientId, clientSecret } = await provisionApplication(server.services, {
    apiId,
    name: 'Ledgerly',
    redirectUri,
    scope,
    clientId: options.clientId,
  })
  const signIn = createServerSignIn({
    issuer,
    clientId,
    clientSecret: clientSecret.reveal(),
    redirectUri,
    audience,
    // Less than it may have: its other button shows what a scope is for.
    scope: 'openid profile email offline_access orders:read',
  })
  const listener = createWebApplication({ issuer, url, apiUrl, signIn })
  bound.serve(listener)
  return {
    url,
    clientId,
    stop() {
      bound.close()
      listener.close()
      listener.closeAllConnections()
    },
  }
}
