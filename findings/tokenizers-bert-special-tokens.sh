#!/usr/bin/env bash
# Microsoft.ML.Tokenizers 2.0.1: a BertTokenizer's ids depend on the type of the variable that holds it, and CountTokens counts two fewer.
#
# Guess: one tokenizer gives one list of ids, and CountTokens its length, so that the count can decide where a text is cut.
# Found: EncodeToIds of a variable of type BertTokenizer adds [CLS] and [SEP]; of the same object in a variable of type Tokenizer (what a
# method or a container that takes any tokenizer sees) it adds neither, because the method is hidden, not overridden. CountTokens and
# EncodeToTokens leave both out either way, so texts that were counted to fit a window are two ids too long.
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
  </PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Microsoft.ML.Tokenizers" Version="2.0.1" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using System.Text;
using Microsoft.ML.Tokenizers;

Console.WriteLine($".NET {Environment.Version}, Microsoft.ML.Tokenizers {typeof(Tokenizer).Assembly.GetName().Version}");
const string Vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nwater\nlevel\n##s\nrises\n";
var bert = BertTokenizer.Create(new MemoryStream(Encoding.UTF8.GetBytes(Vocabulary)));
Tokenizer any = bert;
const string Text = "Water levels rises";
string own = Ids("BertTokenizer", bert.EncodeToIds(Text)), general = Ids("Tokenizer, the same object", any.EncodeToIds(Text));
int counted = bert.CountTokens(Text), tokens = bert.EncodeToTokens(Text, out _).Count;
Console.WriteLine($"CountTokens {counted}, EncodeToTokens {tokens}, EncodeToIds {bert.EncodeToIds(Text).Count}");
return own == "2 5 6 7 8 3" && general == "5 6 7 8" && counted == 4 && tokens == 4 ? 0 : 1;

static string Ids(string name, IReadOnlyList<int> ids)
{
    string text = string.Join(" ", ids);
    Console.WriteLine($"{name}: {text}");
    return text;
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: the variable's type decides on [CLS] and [SEP], CountTokens leaves them out"
else
    echo "changed: expected six ids of BertTokenizer, four of Tokenizer and a count of four"
    exit 1
fi
