-- For wrk: one O3GO message a request, each with an id of its own. KEY, CAMPAIGN; DELAY_MS paces each connection.
local key = os.getenv("KEY") or ""
local campaign = os.getenv("CAMPAIGN") or "1"
local delay_ms = tonumber(os.getenv("DELAY_MS") or "0")
local count = 0

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-Api-Key"] = key

function request()
  count = count + 1
  return wrk.format(nil, nil, nil, string.format(
    '[{"id": %d, "campaign_id": %s, "dst_addr": "7920%07d", "text": "Your order has been shipped"}]',
    count, campaign, count % 10000000))
end

if delay_ms > 0 then
  function delay()
    return delay_ms
  end
end
