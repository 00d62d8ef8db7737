#!/bin/sh
# A trainer of a few milliseconds with three metrics of its parameters x and width: `acc`, which grows
# with both, `ms`, which does too, and `mb`, ten times the width. Usage: LEDGER
ledger=$1
trial=$(printf '%s' "$ESPALIER_TRIAL" | sed 's/.*"trial":"\([^"]*\)".*"attempt":\([0-9]*\).*/\1 \2/')
x=$(printf '%s' "$ESPALIER_TRIAL" | sed 's/.*"name":"x","float":\([^}]*\)}.*/\1/')
width=$(printf '%s' "$ESPALIER_TRIAL" | sed 's/.*"name":"width","int":\([^}]*\)}.*/\1/')
values=$(awk -v x="$x" -v width="$width" 'BEGIN {
  printf "{\"acc\":%.9f,\"ms\":%.9f,\"mb\":%d}", 1 - (1 - x) ^ 2 + width / 10, 2 * x + width, 10 * width
}')
report=${ESPALIER_REPORT#file:}
echo "start $trial $$" >> "$ledger"
trap 'exit 10' TERM
printf '{"kind":"started","time":0,"firstSeq":0,"resumedStep":0}\n' >> "$report"
printf '{"kind":"points","points":[{"seq":0,"step":1,"epoch":1,"values":%s,"time":0}]}\n' "$values" >> "$report"
printf '{"kind":"finished","time":0,"lastSeq":0,"digest":"0000000000000000"}\n' >> "$report"
echo "complete $trial" >> "$ledger"
