# The campaign with campaignctl; sourced by run.sh.
ctl() { printf '\n$ campaignctl %s\n' "$*"; "$bin/campaignctl" "$@"; }
columns=(--encoding windows-1251 --skip_rows 1 --column_separator ';' --address_column 3
  --field field_1=1 --field field_2=4 --field field_3=5)

say "with campaignctl: a campaign that sends 60 messages a second, never at night in the recipient's zone"
ctl campaigns create --name "Spring orders" --template "$template" --rate 60 \
  --missing_values reject --quiet 0:00-0:01 --finish_when_sent true
campaign=$("$bin/campaignctl" --json campaigns list --limit 1 | jq -r '.campaigns[0].id')

say "the file as it would be read"
ctl import "$campaign" "$customers" "${columns[@]}" --preview 5

say "imported: duplicates and bad rows are left out, and said"
ctl import "$campaign" "$customers" "${columns[@]}" --rejected "$work/rejected.csv"
cat "$work/rejected.csv"

say "what it will come to"
ctl campaigns estimate "$campaign"
ctl campaigns preview "$campaign" --field field_1=Анна --field field_2=чайник --field field_3=990,00

say "started, paused, resumed, watched to its end"
ctl campaigns start "$campaign" >/dev/null
ctl campaigns pause "$campaign" >/dev/null
ctl campaigns get "$campaign"
ctl campaigns resume "$campaign" >/dev/null
ctl campaigns watch "$campaign"

say "what came of it"
ctl campaigns stats "$campaign"
ctl campaigns export "$campaign" "$work/results.csv"
head -n 4 "$work/results.csv"
rows=$(($(wc -l <"$work/results.csv") - 1))
[ "$rows" -eq 236 ] || { echo "236 recipients expected, $rows exported" >&2; exit 1; }
