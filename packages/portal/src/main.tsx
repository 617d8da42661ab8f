/** The portal: one page, whose address says what it shows. `people/portal/page.ts` of the server sends it. */
import './shared/styles/tokens.css'
import './shared/styles/ui.css'
import './shared/styles/pages.css'
import './shared/styles/portal.css'
import './shared/styles/frame.css'
import './shared/styles/reference.css'
import './shared/styles/refusals.css'
import './shared/styles/debugger.css'
import './shared/styles/keys.css'
import './shared/styles/usage.css'
import './shared/styles/which.css'
import './shared/styles/home.css'
import './shared/styles/kit.css'
import './shared/styles/applications.css'
import { CSPProvider } from '@base-ui/react/csp-provider'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { router } from './router.tsx'
import { queryClient } from './shared/api/query_client.ts'

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </CSPProvider>
  </StrictMode>,
)
