#!/bin/bash
# The main job by curl alone, against the HTTPS endpoint: a scale set goes from Standard to Trusted launch, one instance
# after the other, and back. One line "ok - …" or "not ok - …" per behaviour; the first failure ends it.
# Environment: TESTUDO_URL (https://HOST:PORT), TESTUDO_CA_FILE, TESTUDO_TOKEN_FILE; INSIDE=yes where the VMs are real and
# are looked at from the inside too; INSTANCES (3), SET (curl), POLL (seconds between polls, 0.2), DEADLINE (seconds for
# one operation, 600).
set -eEuo pipefail
: "${TESTUDO_URL:?}" "${TESTUDO_CA_FILE:?}" "${TESTUDO_TOKEN_FILE:?}"
inside=${INSIDE:-no} count=${INSTANCES:-3} name=${SET:-curl} poll=${POLL:-0.2} deadline=${DEADLINE:-600}
version='api-version=2024-07-01'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(umask 077; printf 'header = "Authorization: Bearer %s"\n' "$(cat "$TESTUDO_TOKEN_FILE")" >"$work/auth")

behaviour=
begin() { behaviour=$1; }
pass() { echo "ok - $behaviour"; }
skip() { echo "ok - $behaviour # SKIP $1"; }
fail() { echo "not ok - $behaviour"; printf '%s\n' "$@"; exit 1; }
trap 'fail "line $LINENO: $BASH_COMMAND"' ERR   # with errtrace, in functions too

# METHOD PATH [BODY]: the status in $status, the answer in $work/body, its headers in $work/headers.
call() {
    local path=$2 send=()
    [ $# -lt 3 ] || send=(-H 'Content-Type: application/json' --data-binary "$3")
    case $path in *api-version=*) ;; *\?*) path+="&$version" ;; *) path+="?$version" ;; esac
    status=$(curl -sS --config "$work/auth" --cacert "$TESTUDO_CA_FILE" -X "$1" "${send[@]}" \
        -D "$work/headers" -o "$work/body" -w '%{http_code}' "${TESTUDO_URL}${path#"$TESTUDO_URL"}")
}
expect() { [ "$status" = "$1" ] || fail "HTTP $status, not $1" "$(cat "$work/body")"; }
# A jq filter over the answer, and what it gives.
is() {
    local seen
    seen=$(jq -c "$1" "$work/body")
    [ "$seen" = "$2" ] || fail "$1 is $seen, not $2"
}
# Follows the last answer's Azure-AsyncOperation to its end, which is to be Succeeded.
finish() {
    local address state end=$((SECONDS + deadline))
    address=$(sed -n 's/^Azure-AsyncOperation: *\([^\r]*\)\r*$/\1/Ip' "$work/headers")
    # Nothing was left to be done: the answer itself says so.
    if [ -z "$address" ]; then
        is .properties.provisioningState '"Succeeded"'
        return
    fi
    while :; do
        call GET "$address"
        expect 200
        state=$(jq -r .status "$work/body")
        [ "$state" = InProgress ] || break
        [ $SECONDS -lt $end ] || fail "the operation has not ended after $deadline s"
        sleep "$poll"
    done
    [ "$state" = Succeeded ] || fail "the operation ended $state" "$(cat "$work/body")"
}
instances() { call GET "$set/virtualMachines?\$expand=instanceView"; expect 200; }
all_running='[.value[].properties.instanceView.statuses[].code | select(startswith("PowerState/"))] | unique'

# From the inside: INSTANCE, then what Secure Boot, kernel lockdown, TPM and PCR 7 are expected to be.
look='for v in /sys/firmware/efi/efivars/SecureBoot-*; do [ -e "$v" ] && set -- $(od -An -tu1 "$v") && echo "$5"; done | grep -qx 1 && echo secureboot=on || echo secureboot=off
grep -q "\[none\]" /sys/kernel/security/lockdown && echo lockdown=off || echo lockdown=on
[ -e /dev/tpmrm0 ] && [ "$(cat /sys/class/tpm/tpm0/tpm_version_major)" = 2 ] && echo tpm=2.0 || echo tpm=none
grep -q "[1-9A-F]" /sys/class/tpm/tpm0/pcr-sha256/7 2>/dev/null && echo pcr7=measured || echo pcr7=none'
seen_inside() {
    local script
    script=$(jq -cn --arg script "$look" '{commandId: "RunShellScript", script: [$script]}')
    call POST "$set/virtualMachines/$1/runCommand" "$script"
    expect 200
    is '[.value[0].message | split("\n")[] | select(. != "")] | join(" ")' "\"$2\""
}

begin 'without a token nothing is told but how to authenticate'
status=$(curl -sS --cacert "$TESTUDO_CA_FILE" -o "$work/body" -w '%{http_code}' "$TESTUDO_URL/subscriptions?$version")
expect 401
is .error.code '"AuthenticationFailed"'
pass

begin 'subscription, location and a resource group'
call GET /subscriptions
expect 200
root=$(jq -r '.value[0].id' "$work/body")
call GET "$root/locations"
expect 200
location=$(jq -r '.value[0].name' "$work/body")
call PUT "$root/resourcegroups/curl-$name" "{\"location\": \"$location\"}"
expect 201
pass
set=$root/resourceGroups/curl-$name/providers/Microsoft.Compute/virtualMachineScaleSets/$name

begin "a Standard set of $count instances on a size and an image that cannot do Trusted launch"
call PUT "$set" "{
  \"location\": \"$location\",
  \"sku\": {\"name\": \"Standard_A1_v2\", \"capacity\": $count},
  \"properties\": {
    \"upgradePolicy\": {\"mode\": \"Manual\"},
    \"virtualMachineProfile\": {\"storageProfile\": {\"imageReference\":
      {\"publisher\": \"Testudo\", \"offer\": \"mini\", \"sku\": \"gen1\", \"version\": \"1.0.0\"}}}
  }
}"
expect 201
is .properties.provisioningState '"Creating"'
finish
call GET "$set"
is .properties.provisioningState '"Succeeded"'
instances
is '.value | length' "$count"
is "$all_running" '["PowerState/running"]'
mapfile -t ids < <(jq -r '.value[].instanceId' "$work/body")
pass

begin 'what-if says that Trusted launch is refused on it, and why'
trusted='{"properties": {"virtualMachineProfile": {"securityProfile":
  {"securityType": "TrustedLaunch", "uefiSettings": {"secureBootEnabled": true, "vTpmEnabled": true}}}}}'
call POST "$set/whatIf" "$trusted"
expect 200
is .status '"Refused"'
is '.error.details | length >= 2' true
pass

begin 'the request itself is refused, with every reason in one answer'
call PATCH "$set" "$trusted"
expect 400
is .error.code '"BadRequest"'
jq -e '.error.details | map(.message) | join(" ") | contains("Standard_A1_v2") and contains("Gen2 OS Image")' \
    "$work/body" >/dev/null || fail "$(cat "$work/body")"
pass

begin 'the size alone is changed; it fits both generations'
call PATCH "$set" '{"sku": {"name": "Standard_B1ms"}}'
expect 200
finish
pass

begin 'then the image'
call PATCH "$set" '{"properties": {"virtualMachineProfile": {"storageProfile": {"imageReference": {"sku": "gen2"}}}}}'
expect 200
finish
pass

begin 'then the security type; the model is new and no instance is touched'
call PATCH "$set" "$trusted"
expect 200
finish
call GET "$set"
is .sku.name '"Standard_B1ms"'
is .properties.virtualMachineProfile.storageProfile.imageReference.sku '"gen2"'
is .properties.virtualMachineProfile.securityProfile.securityType '"TrustedLaunch"'
instances
is '[.value[].properties.latestModelApplied] | unique' '[false]'
is "$all_running" '["PowerState/running"]'
pass

begin 'what-if says that every instance gets a new OS disk, and that what is on the old one is lost'
call POST "$set/whatIf" '{}'
expect 200
is .status '"Accepted"'
is '[.instances[].change] | unique' '["reimage"]'
is '[.instances[].lost | length > 0] | unique' '[true]'
pass

for id in "${ids[@]}"; do
    begin "instance $id is brought to the new model while the others run on"
    call POST "$set/manualupgrade" "{\"instanceIds\": [\"$id\"]}"
    expect 202
    cp "$work/headers" "$work/upgrade"
    instances
    is "[.value[] | select(.instanceId != \"$id\")] | {value: .} | $all_running - [\"PowerState/running\"]" '[]'
    cp "$work/upgrade" "$work/headers"
    finish
    call GET "$set/virtualMachines/$id"
    is .properties.latestModelApplied true
    is .properties.securityProfile.securityType '"TrustedLaunch"'
    pass
done

begin 'every instance boots with Secure Boot enforced, kernel lockdown, a TPM 2.0 and a measured PCR 7, seen from the inside'
if [ "$inside" = yes ]; then
    for id in "${ids[@]}"; do
        seen_inside "$id" 'secureboot=on lockdown=on tpm=2.0 pcr7=measured'
    done
    pass
else
    skip 'nothing runs on this driver that could be looked into'
fi

begin 'the serial log of the boot is read through a signed address, without a token'
call POST "$set/virtualMachines/${ids[0]}/retrieveBootDiagnosticsData"
expect 200
address=$(jq -r .serialConsoleLogBlobUri "$work/body")
status=$(curl -sS --cacert "$TESTUDO_CA_FILE" -o "$work/serial" -w '%{http_code}' "$address")
expect 200
[ -s "$work/serial" ] || fail 'the serial log is empty'
[ "$inside" != yes ] || grep -a -q 'secureboot=on tpm=2.0' "$work/serial" || fail "$(tail -20 "$work/serial")"
pass

begin 'everything goes back to Standard in one request and one update of all instances'
call PATCH "$set" '{"sku": {"name": "Standard_A1_v2"}, "properties": {"virtualMachineProfile": {
  "storageProfile": {"imageReference": {"sku": "gen1"}},
  "securityProfile": {"securityType": "Standard", "uefiSettings": null}}}}'
expect 200
finish
call POST "$set/manualupgrade" '{"instanceIds": ["*"]}'
expect 202
finish
instances
is '[.value[].properties.latestModelApplied] | unique' '[true]'
is '[.value[].sku.name] | unique' '["Standard_A1_v2"]'
is "$all_running" '["PowerState/running"]'
pass

begin 'and is Standard seen from the inside'
if [ "$inside" = yes ]; then
    for id in "${ids[@]}"; do
        seen_inside "$id" 'secureboot=off lockdown=off tpm=none pcr7=none'
    done
    pass
else
    skip 'nothing runs on this driver that could be looked into'
fi

begin 'the set is deleted, and is gone'
call DELETE "$set"
expect 202
finish
call GET "$set"
expect 404
is .error.code '"ResourceNotFound"'
pass
