#!/usr/bin/env bash
# System.CommandLine 3.0.0: what an argument can be completed to stands in its place in the help text, and a flag is completed to a value.
#
# Guess: completions are for shells; help lists the argument SPEC as <SPEC>, as the usage line above it does.
# Found: the list of arguments has what the completion source returns at that moment, in this program the files of the working directory,
# joined by '|', and no SPEC; the usage line still says <SPEC>. So a program's help differs from directory to directory. Setting HelpName
# to the argument's name ends that. And behind 'program --quiet ', where --quiet is an Option<bool>, the completions are False and True,
# without those of the argument that comes next; with Arity = ArgumentArity.Zero they are the argument's.
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
    <PackageReference Include="System.CommandLine" Version="3.0.0" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using System.CommandLine;

string[] files = [.. Directory.EnumerateFiles(".", "*.yaml").Select(Path.GetFileName).Order()!];
string plain = Help(named: false), named = Help(named: true);
string flag = Completions(takesNoValue: false), noValue = Completions(takesNoValue: true);
Console.WriteLine($"arguments in help: {Row(plain)}");
Console.WriteLine($"the same with HelpName: {Row(named)}");
Console.WriteLine($"completions behind --quiet: {flag}; with arity zero: {noValue}");
return Row(plain).StartsWith("<first.yaml|second.yaml>") && plain.Contains("<SPEC>") && Row(named).StartsWith("<SPEC>")
    && flag == "False True" && noValue.Contains("first.yaml") && !noValue.Contains("True") ? 0 : 1;

string Help(bool named)
{
    var output = new StringWriter();
    Program(named, takesNoValue: false).Parse("--help").Invoke(new() { Output = output });
    return output.ToString();
}

string Completions(bool takesNoValue) => string.Join(' ',
    Program(named: true, takesNoValue).Parse("--quiet ").GetCompletions("--quiet ".Length).Select(one => one.Label));

RootCommand Program(bool named, bool takesNoValue)
{
    var spec = new Argument<string>("SPEC") { Description = "the file to read", CompletionSources = { _ => files.Select(file => new System.CommandLine.Completions.CompletionItem(file)) } };
    if (named)
        spec.HelpName = spec.Name;
    var quiet = new Option<bool>("--quiet");
    if (takesNoValue)
        quiet.Arity = ArgumentArity.Zero;
    var root = new RootCommand("program") { spec, quiet };
    root.SetAction(_ => 0);
    return root;
}

static string Row(string help) => help.Split('\n').Single(line => line.Contains("the file to read")).Trim();
CS
touch first.yaml second.yaml
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: completions stand in the argument's place, and a flag is completed to a value"
else
    echo "changed: expected <first.yaml|second.yaml> among the arguments, and False and True behind --quiet"
    exit 1
fi
