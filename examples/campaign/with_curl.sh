# The campaign with curl; sourced by run.sh.
base="http://127.0.0.1:$http_port"
call() { curl -fsS -H "x-api-key: $key" "$@"; }

say "with curl: a campaign that sends 40 messages a second, never at night in the recipient's own zone"
campaign=$(call "$base/v1/campaigns" -d "$(jq -n --arg template "$template" '{
  displayName: "Spring orders, by REST", template: $template, rateLimit: 40, missingValues: "REJECT",
  quietHours: {startMinute: 1260, endMinute: 540}, finishWhenSent: true}')" | jq -r .id)

say "the file, uploaded and looked at"
upload=$(call "$base/v1/uploads" -F "file=@$customers;type=text/csv" | jq -r .id)
format='{"encoding": "WINDOWS_1251", "skipRows": 1, "columnSeparator": ";", "addressColumn": 3,
  "fields": [{"name": "field_1", "column": 1}, {"name": "field_2", "column": 4}, {"name": "field_3", "column": 5}]}'
source_and_format=$(jq -n --arg upload "$upload" --argjson format "$format" \
  '{source: {uploadId: $upload}, format: $format}')
call "$base/v1/campaigns/$campaign/recipients:preview" -d "$(jq '. + {rowCount: 3}' <<<"$source_and_format")" |
  jq -c '.rows[] | {number, recipient, text, segments, problems}'

say "imported"
operation=$(call "$base/v1/campaigns/$campaign/recipients:import" -d "$source_and_format" | jq -r .id)
call -N "$base/v1/operations/$operation:watch" | tail -n 1 | jq -c '.importProgress'
call "$base/v1/operations/$operation/rejected-rows"

say "what it will come to"
call "$base/v1/campaigns/$campaign:estimate" | jq -c .
call "$base/v1/campaigns/$campaign:preview" \
  -d '{"fields": {"field_1": "Анна", "field_2": "чайник", "field_3": "990,00"}}' | jq -c .

say "the example may run at night: it takes the quiet hours away, and sends at once"
call -X PATCH "$base/v1/campaigns/$campaign?updateMask=quietHours" -H 'content-type: application/json' -d '{}' |
  jq -c '{state, quietHours, outlook}'

say "started, watched to its end; paused for some seconds while it sends"
pause() { call "$base/v1/campaigns/$campaign:pause" -d '{}' | jq -c '{state, outlook}'; }
resume() { call "$base/v1/campaigns/$campaign:resume" -d '{}' | jq -c '{state, outlook}'; }
statistics() { call "$base/v1/campaigns/$campaign/statistics"; }
call "$base/v1/campaigns/$campaign:start" -d '{}' | jq -c '{state, outlook}'
pause_while_it_sends >"$work/paused.log" &
pausing=$!
call -N "$base/v1/campaigns/$campaign:watch" | jq --unbuffered -r '[.state,
  "\(.statistics.deliveredMessages // 0) of \(.statistics.messages) delivered",
  "\(.messagesPerSecond // 0 | round)/s", .outlook.explanation] | join("  ")'
wait "$pausing"
cat "$work/paused.log"

say "what came of it"
call "$base/v1/campaigns/$campaign/statistics" | jq -c '[.states[] | {state, messages, segments}]'
call "$base/v1/campaigns/$campaign/messages:export?withFields=true" -o "$work/results.csv"
check_results
