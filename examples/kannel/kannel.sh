# Sourced: start_kannel writes a configuration with free ports and starts Kannel with its fake SMSC.
# Leaves the port of sendsms in $sendsms_port.

start_kannel() {
  local here admin_port smsbox_port smsc_port
  here=$(dirname "${BASH_SOURCE[0]}")
  admin_port=$(free_port) smsbox_port=$(free_port) smsc_port=$(free_port) sendsms_port=$(free_port)
  sed -e "s/@ADMIN_PORT@/$admin_port/" -e "s/@SMSBOX_PORT@/$smsbox_port/" \
    -e "s/@SMSC_PORT@/$smsc_port/" -e "s/@SENDSMS_PORT@/$sendsms_port/" \
    "$here/kannel.conf.in" >"$work/kannel.conf"
  start bearerbox /usr/sbin/bearerbox -v 3 "$work/kannel.conf"
  wait_for 20 curl -fsS "http://127.0.0.1:$admin_port/status?password=admin"
  start smsbox /usr/sbin/smsbox -v 3 "$work/kannel.conf"
  # It reads its standard input for messages to send, and ends with it: an open pipe keeps it.
  start fakesmsc sh -c "tail -f /dev/null | /usr/lib/kannel/test/fakesmsc -H 127.0.0.1 -r $smsc_port"
  wait_for 20 sh -c "curl -fsS 'http://127.0.0.1:$admin_port/status.txt?password=admin' | grep -q 'FAKE.*online'"
  wait_for 20 sh -c "curl -s 'http://127.0.0.1:$sendsms_port/' -o /dev/null"
}
