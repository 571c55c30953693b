#!/usr/bin/env bash
# Downloads Mesa's software Vulkan driver and Vulkan's loader from Debian into a folder of their own
# (11 MB) and writes vulkan.env there, the variables that select them. Installs nothing.
set -euo pipefail
folder=${1:?folder}
mkdir -p "$folder/parts" "$folder/lists/partial" "$folder/cache/archives/partial"
cd "$folder"
sources=(/etc/apt/sources.list /etc/apt/sources.list.d/*)
mirror=$(grep -rhoE 'https?://[^ ]+/debian/?( |$)' "${sources[@]}" 2>/dev/null | head -n 1 | tr -d ' ' || true)
[ -n "$mirror" ] || { echo "no Debian mirror in the sources of apt" >&2; exit 1; }
# Mesa of Debian 12 itself is too old for WebGPU.
cat >parts/backports.sources <<SOURCE
Types: deb
URIs: $mirror
Suites: bookworm-backports
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCE
own=(-o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$PWD/parts" -o Dir::State::lists="$PWD/lists"
  -o Dir::Cache="$PWD/cache" -o APT::Sandbox::User=root -o Acquire::Retries=0 -o Acquire::http::Timeout=10)
apt-get "${own[@]}" -qq update
apt-get "${own[@]}" -qq download mesa-vulkan-drivers/bookworm-backports
apt-get -o APT::Sandbox::User=root -qq download libvulkan1
unpack() { dpkg-deb --fsys-tarfile "$1"*.deb | tar -x --wildcards "./usr/lib/*/$2"; }
unpack mesa-vulkan-drivers libvulkan_lvp.so
unpack libvulkan1 'libvulkan.so*'
rm -rf ./*.deb lists cache
libraries=$(dirname "$(find "$PWD/usr" -name libvulkan_lvp.so)")
if ldd "$libraries/libvulkan_lvp.so" | grep 'not found' >&2; then exit 1; fi
echo '{"file_format_version":"1.0.1","ICD":{"api_version":"1.4.0","library_path":"'"$libraries"'/libvulkan_lvp.so"}}' >lavapipe.json
printf 'VK_ICD_FILENAMES=%s\nLD_LIBRARY_PATH=%s\n' "$PWD/lavapipe.json" "$libraries" >vulkan.env
