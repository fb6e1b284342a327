#!/usr/bin/env bash
# Builds the stand-ins that StandIn.Dockerfile describes, under the names that the project's own files use. Called by trial.sh.
#   stand-ins.sh WORK [DEBIAN.tar]     WORK: an empty directory; DEBIAN.tar: kept between tests
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$1
debian=${2:-$work/debian.tar}

if [ ! -s "$debian" ]; then
    # This machine's own mirror.
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)
    debootstrap --variant=minbase --include=ca-certificates,libstdc++6,libssl3,zlib1g,libicu72,redis-server,busybox \
        "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$work/debian" "$mirror" >"$work/debootstrap.log"
    tar -C "$work/debian" -cf "$debian" .
    rm -rf "$work/debian"
fi
docker import "$debian" tbptt-test/debian >/dev/null

# .NET in three layers, like the real images.
context=$work/stand-ins
dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
mkdir -p "$context"/dotnet/{runtime/shared,aspnet/shared,sdk}
cp -r "$dotnet"/{dotnet,host} "$context/dotnet/runtime/"
cp -r "$dotnet/shared/Microsoft.NETCore.App" "$context/dotnet/runtime/shared/"
cp -r "$dotnet/shared/Microsoft.AspNetCore.App" "$context/dotnet/aspnet/shared/"
cp -r "$dotnet"/{sdk,sdk-manifests,packs,templates} "$context/dotnet/sdk/"
cp -rL /etc/ssl/certs "$context/certificates"
cp "$HOME/.nuget/NuGet/NuGet.Config" "$context/"
cp "$(command -v prometheus)" "$context/"

tag=$(sed -n 's/^ARG RUNTIME_TAG=//p' "$here/../Dockerfile")
build() { # TARGET NAME
    docker build -q --target "$1" -t "$2" -f "$here/StandIn.Dockerfile" \
        --build-arg NUGET_CERT_REVOCATION_MODE="${NUGET_CERT_REVOCATION_MODE:-}" "$context" >"$work/stand-in.log" 2>&1 || { cat "$work/stand-in.log"; exit 1; }
    echo "stand-in for $2"
}
for image in runtime aspnet sdk; do
    build "$image" "$(sed -n "s|^FROM \(.*/$image:\).*|\1|p" "$here/../Dockerfile")$tag"
done
for image in redis prometheus; do
    build "$image" "$(sed -n "s|^ *image: \(.*\b$image:.*\)|\1|p" "$here/../../docker-compose.yml" | head -n 1)"
done
rm -rf "$context"
