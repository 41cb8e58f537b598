# Runs in a guest: seals a secret to its vTPM, or unseals it, by raw TPM 2.0 commands (TCG TPM 2.0 Library, part 3), so that
# the guest needs nothing but busybox.
#   seal.sh seal FILE HEX     leaves the sealed object in FILE
#   seal.sh unseal FILE       prints the secret as hex
# The parent is the storage primary key of the owner hierarchy: always the same in one vTPM, never the same in two.
set -eu

# An empty password for one handle.
auth=00000009400000090000000000

fail() { echo "seal.sh: $*" >&2; exit 1; }

# $1: command code, $2: the rest of the command; sets `answer`, which is what follows the answer's header, in hex.
command() {
    local size
    size=$(printf %08x $(((${#1} + ${#2}) / 2 + 6)))
    echo "8002$size$1$2" | xxd -r -p >&3
    answer=$(dd bs=4096 count=1 <&3 2>/dev/null | xxd -p | tr -d '\n')
    [ "$(echo "$answer" | cut -c13-20)" = 00000000 ] || fail "the TPM answers $1 with code 0x$(echo "$answer" | cut -c13-20)"
    answer=$(echo "$answer" | cut -c21-)
}

# Takes a field with a two-byte length, and that length, off the front of `answer`; sets `field`.
take_sized() {
    local end=$((4 + 2 * 0x$(echo "$answer" | cut -c1-4)))
    field=$(echo "$answer" | cut -c1-$end)
    answer=$(echo "$answer" | cut -c$((end + 1))-)
}

take_handle() {
    handle=$(echo "$answer" | cut -c1-8)
    answer=$(echo "$answer" | cut -c9-)
}

sized() { printf '%04x%s' $((${#1} / 2)) "$1"; }

# TPM2_CreatePrimary: ECC P-256, restricted decryption key, AES-128-CFB for its children.
primary() {
    command 00000131 "40000001${auth}000400000000$(sized 0023000b00030472000000060080004300100003001000000000)000000000000"
    take_handle
}

exec 3<>/dev/tpmrm0
primary
case $1 in
    seal)
        # TPM2_Create: a keyed-hash object without a scheme is a sealed secret.
        command 00000153 "$handle$auth$(sized "0000$(sized "$3")")$(sized 0008000b00000452000000100000)000000000000"
        answer=$(echo "$answer" | cut -c9-)
        take_sized
        private=$field
        take_sized
        echo "$private$field" >"$2"
        sync
        ;;
    unseal)
        # TPM2_Load, TPM2_Unseal
        command 00000157 "$handle$auth$(cat "$2")"
        take_handle
        command 0000015e "$handle$auth"
        answer=$(echo "$answer" | cut -c9-)
        take_sized
        echo "$field" | cut -c5-
        ;;
    *) fail "seal or unseal, not '$1'" ;;
esac
