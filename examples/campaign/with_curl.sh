# The campaign with curl; sourced by run.sh.
base="http://127.0.0.1:$http_port"
call() { curl -fsS -H "x-api-key: $key" "$@"; }

say "with curl: the campaign"
campaign=$(call "$base/v1/campaigns" -d "$(jq -n --arg template "$template" '{
  displayName: "Spring orders, by REST", template: $template, rateLimit: 60, missingValues: "REJECT",
  quietHours: {startMinute: 0, endMinute: 1}, finishWhenSent: true}')" | jq -r .id)

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

say "started, paused, resumed, watched to its end"
call "$base/v1/campaigns/$campaign:start" -d '{}' | jq -c '{state, outlook}'
call "$base/v1/campaigns/$campaign:pause" -d '{}' | jq -c '{state, outlook}'
call "$base/v1/campaigns/$campaign:resume" -d '{}' | jq -c '{state, outlook}'
call -N "$base/v1/campaigns/$campaign:watch" | jq -c '[.state, .statistics.deliveredMessages, .statistics.messages]'

say "what came of it"
call "$base/v1/campaigns/$campaign/statistics" | jq -c '[.states[] | {state, messages, segments}]'
call "$base/v1/campaigns/$campaign/messages:export?withFields=true" -o "$work/results.csv"
head -n 4 "$work/results.csv"
rows=$(($(wc -l <"$work/results.csv") - 1))
[ "$rows" -eq 236 ] || { echo "236 recipients expected, $rows exported" >&2; exit 1; }
