# The Debian packages that the images are made of: downloaded with apt, unpacked, never installed. So the
# building machine gets no guest agent and no boot loader, and what it has installed changes no byte.

# qemu-guest-agent's libraries stand here by package; which files of them are needed is looked up.
content_packages='shim-signed grub-efi-amd64-signed grub-efi-amd64-bin syslinux syslinux-common
    busybox-static qemu-guest-agent libc6 libglib2.0-0 libpcre2-8-0 libudev1 libnuma1 liburing2'

# Set where the machine's own package lists are missing or older than the archive: own lists, in the cache.
apt_options=()

as_apt() {
    # Root's apt would hand the download to the user _apt, who cannot write into the cache.
    "$@" -q -o APT::Sandbox::User=root "${apt_options[@]}"
}

kernel_package() {
    as_apt apt-cache depends linux-image-cloud-amd64 2>/dev/null |
        awk '$1 == "Depends:" && $2 ~ /^linux-image-.*-cloud-amd64$/ { print $2; exit }'
}

# packages_missing CACHE: the packages that the cache does not have, one per line.
packages_missing() {
    local package
    compgen -G "$1/linux-image-*-cloud-amd64_*_amd64.deb" >/dev/null || kernel_package | grep . || echo linux-image-unknown
    for package in $content_packages; do
        compgen -G "$1/${package}_*_a*.deb" >/dev/null || echo "$package"
    done
}

download() {
    # In a folder of its own first: an interrupted download leaves no half package in the cache.
    rm -rf "$1/partial"
    mkdir "$1/partial"
    (cd "$1/partial" && as_apt apt-get download "${@:2}") >"$1/apt.log" 2>&1 || return 1
    mv "$1"/partial/*.deb "$1/"
    rmdir "$1/partial"
}

# packages_fetch CACHE
packages_fetch() {
    local cache=$1 missing
    mapfile -t missing < <(packages_missing "$cache")
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "downloading ${#missing[@]} Debian packages"
    download "$cache" "${missing[@]}" && return 0

    mkdir -p "$cache/lists/partial"
    apt_options=(-o "Dir::State::Lists=$cache/lists" -o "Dir::Cache=$cache" -o "Dir::Cache::archives=$cache/lists")
    as_apt apt-get update >"$cache/apt.log" 2>&1 || true
    mapfile -t missing < <(packages_missing "$cache")
    download "$cache" "${missing[@]}" || {
        tail -n 20 "$cache/apt.log" >&2
        fail "cannot download ${missing[*]} with apt (see above)"
    }
}

# packages_unpack CACHE DIR
packages_unpack() {
    local deb
    for deb in "$1"/*.deb; do
        # The kernel's 1,100 modules are most of all files here: only those that may be wanted.
        dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$(mkdir -p "$2" && echo "$2")" --wildcards --no-wildcards-match-slash \
            --exclude='./usr/share/*' --exclude='./boot/System.map-*'
    done
}
