#!/usr/bin/env bash
# .NET 10: with InvariantGlobalization, string.Normalize gives letters back as they are, and IsNormalized says that they are normalized.
#
# Guess: without ICU, Unicode normalization either works by .NET's own tables, as case mapping does since .NET 6, or throws
# PlatformNotSupportedException, as cultures do.
# Found: "é" stays one character in FormD, in FormC e and an accent stay two, IsNormalized is true of both, and nothing is thrown. Images of
# containers without ICU set this mode. Programs that strip accents or compare names by FormC keep or miss them in silence there:
# Microsoft.ML.Tokenizers 2.0.1's BertTokenizer with RemoveNonSpacingMarks makes [UNK] of "café", which is "cafe" with ICU.
#
# Needs: .NET 10 SDK, NuGet. Exits 0 while the behaviour stands, 1 when it has changed.
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
    <InvariantGlobalization>true</InvariantGlobalization>
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Microsoft.ML.Tokenizers" Version="2.0.1" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using System.Text;
using Microsoft.ML.Tokenizers;

Console.WriteLine($".NET {Environment.Version}, invariant globalization");
const string Composed = "\u00e9", Decomposed = "e\u0301";
int apart = Composed.Normalize(NormalizationForm.FormD).Length, together = Decomposed.Normalize(NormalizationForm.FormC).Length;
bool isApart = Composed.IsNormalized(NormalizationForm.FormD), isTogether = Decomposed.IsNormalized(NormalizationForm.FormC);
Console.WriteLine($"U+00E9 in FormD: {apart} character(s), normalized {isApart}");
Console.WriteLine($"U+0065 U+0301 in FormC: {together} character(s), normalized {isTogether}");
const string Vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ncafe\n";
Tokenizer bert = BertTokenizer.Create(
    new MemoryStream(Encoding.UTF8.GetBytes(Vocabulary)), new BertOptions { RemoveNonSpacingMarks = true });
string tokens = string.Join(" ", bert.EncodeToTokens("caf\u00e9", out _).Select(token => token.Value));
Console.WriteLine($"BertTokenizer with RemoveNonSpacingMarks: {tokens}");
return apart == 1 && together == 2 && isApart && isTogether && tokens == "[UNK]" ? 0 : 1;
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: nothing is normalized, and all is said to be"
else
    echo "changed: expected 1 and 2 characters, said to be normalized, and [UNK]"
    exit 1
fi
