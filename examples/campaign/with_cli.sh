# The campaign with campaignctl; sourced by run.sh.
ctl() { printf '\n$ campaignctl %s\n' "$*"; "$bin/campaignctl" "$@"; }
columns=(--encoding windows-1251 --skip_rows 1 --column_separator ';' --address_column 3
  --field field_1=1 --field field_2=4 --field field_3=5)

say "with campaignctl: a campaign that sends 40 messages a second, never at night in the recipient's own zone"
ctl campaigns create --name "Spring orders" --template "$template" --rate 40 \
  --missing_values reject --quiet 21:00-9:00 --finish_when_sent true
campaign=$("$bin/campaignctl" --json campaigns list --limit 1 | jq -r .id)

say "the file as it would be read"
ctl import "$campaign" "$customers" "${columns[@]}" --preview 5

say "imported: duplicates and bad rows are left out, and said"
ctl import "$campaign" "$customers" "${columns[@]}" --rejected "$work/rejected.csv"
cat "$work/rejected.csv"

say "what it will come to"
ctl campaigns estimate "$campaign"
ctl campaigns preview "$campaign" --field field_1=Анна --field field_2=чайник --field field_3=990,00

say "the example may run at night: it takes the quiet hours away, and sends at once"
ctl campaigns update "$campaign" --quiet "" >/dev/null

say "started, watched to its end; paused for some seconds while it sends"
pause() { "$bin/campaignctl" campaigns pause "$campaign"; }
resume() { "$bin/campaignctl" campaigns resume "$campaign"; }
statistics() { "$bin/campaignctl" --json campaigns stats "$campaign"; }
ctl campaigns start "$campaign" >/dev/null
pause_while_it_sends >"$work/paused.log" &
pausing=$!
ctl campaigns watch "$campaign"
wait "$pausing"
cat "$work/paused.log"

say "what came of it"
ctl campaigns stats "$campaign"
ctl campaigns export "$campaign" "$work/results.csv"
check_results
