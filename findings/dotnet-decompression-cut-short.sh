#!/usr/bin/env bash
# .NET 10: compressed data that are cut short are read to their end without an error, and the setting that changes it counts only before
# the first stream.
#
# Guess: GZipStream, ZLibStream, DeflateStream and BrotliStream throw InvalidDataException where the file ends in the middle, as gzip,
# zlib and Python's gzip module do; at the latest the checksum and the length in gzip's last eight bytes show it.
# Found: all four return the bytes until there and then report the end of the stream: half of the file gives half of the text. A gzip file
# without its last eight bytes gives all of it, unchecked. With the setting System.IO.Compression.UseStrictValidation all four throw, but
# it is read once in a process: AppContext.SetSwitch after any stream has decompressed anything changes nothing, so that a library cannot
# rely on it.
#
# Needs: .NET 10 SDK. Exits 0 while the behaviour stands, 1 when it has changed.
set -euo pipefail
at=$(mktemp -d)
trap 'rm -rf "$at"' EXIT
cd "$at"
cat >probe.csproj <<'XML'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <OutputType>Exe</OutputType>
    <TargetFramework>net10.0</TargetFramework>
    <ImplicitUsings>enable</ImplicitUsings>
  </PropertyGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using System.IO.Compression;
using System.Text;

const string Setting = "System.IO.Compression.UseStrictValidation";
byte[] text = Encoding.ASCII.GetBytes(string.Join('\n', Enumerable.Range(0, 20_000).Select(i => $"{i},{Math.Sin(i)}")));
if (args is ["before"])
    AppContext.SetSwitch(Setting, true);
bool silent = Read("as it is");
AppContext.SetSwitch(Setting, true);
bool stillSilent = Read("after SetSwitch");
return silent && stillSilent ? 0 : !silent && !stillSilent ? 10 : 1;

// Whether every kind is read without an error, and to less than all of it.
bool Read(string when)
{
    var kinds = new (string Name, Func<Stream, Stream> Pack, Func<Stream, Stream> Unpack)[]
    {
        ("gzip", to => new GZipStream(to, CompressionLevel.Optimal, leaveOpen: true), from => new GZipStream(from, CompressionMode.Decompress)),
        ("zlib", to => new ZLibStream(to, CompressionLevel.Optimal, leaveOpen: true), from => new ZLibStream(from, CompressionMode.Decompress)),
        ("deflate", to => new DeflateStream(to, CompressionLevel.Optimal, leaveOpen: true), from => new DeflateStream(from, CompressionMode.Decompress)),
        ("brotli", to => new BrotliStream(to, CompressionLevel.Optimal, leaveOpen: true), from => new BrotliStream(from, CompressionMode.Decompress)),
    };
    bool silent = true;
    foreach (var (name, pack, unpack) in kinds)
    {
        var packed = new MemoryStream();
        using (var stream = pack(packed))
            stream.Write(text);
        var read = new MemoryStream();
        string end = "no error";
        try
        {
            using var stream = unpack(new MemoryStream(packed.ToArray(), 0, (int)packed.Length / 2));
            stream.CopyTo(read);
        }
        catch (InvalidDataException exception)
        {
            (end, silent) = (exception.Message, false);
        }

        silent &= read.Length < text.Length;
        Console.WriteLine($"{when}: half of a {name} file: {read.Length} of {text.Length} bytes, {end}");
    }

    return silent;
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
echo ".NET $(dotnet --list-runtimes | sed -n 's/^Microsoft.NETCore.App \(10[^ ]*\).*/\1/p' | tail -n 1)"
late=0
./out/probe || late=$?
early=0
./out/probe before || early=$?
if [ "$late" = 0 ] && [ "$early" = 10 ]; then
    echo "as found: data cut short are read without an error, unless the setting is made before the first stream"
else
    echo "changed: expected exit codes 0 and 10, found $late and $early"
    exit 1
fi
