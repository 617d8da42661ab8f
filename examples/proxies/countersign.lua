-- Asks Countersign whether a request may pass (haproxy.cfg). What it cannot tell is refused with 503.

local verifier_key = os.getenv('COUNTERSIGN_VERIFIER_KEY')
local audience = os.getenv('COUNTERSIGN_AUDIENCE')
if not verifier_key or not audience then
  error('COUNTERSIGN_VERIFIER_KEY and COUNTERSIGN_AUDIENCE must be set')
end

local function percent_encoded(text)
  return (text:gsub('[^%w%-%._~]', function(byte) return string.format('%%%02X', byte:byte()) end))
end

-- The section `listen countersign` has the address and the times; the host is put right there.
local question_url = 'http://127.0.0.1/v1/forward-auth?proxy=haproxy&audience=' .. percent_encoded(audience)
local way = 'abns@' .. os.getenv('COUNTERSIGN_SOCKET')
local timeout_ms = 10000

-- What is told of the caller's request: the credential, and what constraints and preflights are judged by. Never the body.
local asked = { 'authorization', 'x-api-key', 'origin', 'access-control-request-method' }

-- Every 2xx has all of them, never empty.
local identity =
  { 'kind', 'client', 'subject', 'external-subject', 'scope', 'credential', 'assertion', 'metadata', 'metadata-omitted' }

-- What the caller may see of a refusal. Any other status means that nobody knows.
local refusals = { [400] = true, [401] = true, [403] = true, [429] = true, [503] = true }
local told = { 'content-type', 'cache-control', 'www-authenticate', 'retry-after', 'ratelimit', 'ratelimit-policy' }

local unavailable = {
  status = 503,
  headers = {
    ['content-type'] = { [0] = 'application/problem+json' },
    ['cache-control'] = { [0] = 'no-store' },
    ['retry-after'] = { [0] = '1' },
  },
  body = '{"type":"about:blank","title":"Service Unavailable","status":503,'
    .. '"detail":"Whether the credential holds cannot be told now. Try again.","code":"unavailable"}',
}

local function first(headers, name)
  local values = headers[name]
  return values and (values[0] or values[1])
end

-- HAProxy's own 503, for a server that is not there, is a page of HTML.
local function is_refusal(answer)
  return refusals[answer.status] and first(answer.headers, 'content-type') == 'application/problem+json'
end

local function question(txn)
  local headers = {
    ['x-countersign-verifier'] = { verifier_key },
    ['x-forwarded-method'] = { txn.sf:method() },
    ['x-forwarded-uri'] = { txn.sf:pathq() },
    ['x-forwarded-for'] = { txn.sf:src() },
  }
  local own = txn.http:req_get_headers()
  for _, name in ipairs(asked) do
    -- Each value by itself: two credentials are a mistake that Countersign must see.
    if own[name] then
      headers[name] = {}
      for index = 0, #own[name] do headers[name][index + 1] = own[name][index] end
    end
  end
  return headers
end

-- Cookies of Countersign's own pages: browsers send them to every port of a host, and they are sessions.
local session = '^csb?%-[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]$'

local function without_sessions(field)
  local kept = {}
  for pair in field:gmatch('[^;]+') do
    local name = pair:match('^%s*([^=]-)%s*=') or pair:match('^%s*(.-)%s*$')
    if not name:gsub('^__Host%-', ''):match(session) then kept[#kept + 1] = pair end
  end
  return (table.concat(kept, ';'):gsub('^%s+', ''))
end

local function drop_sessions(txn)
  local fields = txn.http:req_get_headers()['cookie']
  if not fields then return end
  txn.http:req_del_header('cookie')
  for index = 0, #fields do
    local field = without_sessions(fields[index])
    if field ~= '' then txn.http:req_add_header('cookie', field) end
  end
end

local function refuse(txn, answer)
  local reply = txn:reply({ status = answer.status })
  for _, name in ipairs(told) do
    local value = first(answer.headers, name)
    if value then reply:add_header(name, value) end
  end
  reply:set_body(answer.body or '')
  txn:done(reply)
end

core.register_action('countersign', { 'http-req' }, function(txn)
  local answer = core.httpclient():get({ url = question_url, dst = way, headers = question(txn), timeout = timeout_ms })
  if answer.status ~= 200 then
    return refuse(txn, is_refusal(answer) and answer or unavailable)
  end
  for _, name in ipairs(identity) do
    local value = first(answer.headers, 'x-countersign-' .. name)
    -- Something else answered: not a yes of Countersign's.
    if not value then return refuse(txn, unavailable) end
    txn.http:req_set_header('x-countersign-' .. name, value)
  end
  drop_sessions(txn)
  txn:set_var('txn.countersign', 'allowed')
end, 0)
