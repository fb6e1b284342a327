#!/usr/bin/env bash
# ILGPU 1.5.3: with OptimizationLevel.O2 branches that depend on a thread's own data are marked as uniform.
#
# Guess: bra.uni, which promises that all active threads of a warp take the same way, stands only where that is so.
# Found: with O2 an if, a conditional expression, and a loop whose length is a thread's own number are compiled to guarded "bra.uni"; with
# OptimizationLevel.O1, the default, the same kernels have guarded "bra". The promise does not hold: two threads of a warp may take
# different ways here, for which the PTX manual defines no result.
#
# Needs: Linux x64, .NET 10 SDK, NuGet; no GPU and no driver. Exits 0 while the behaviour stands, 1 when it has changed.
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
    <PackageReference Include="ILGPU" Version="1.5.3" />
  </ItemGroup>
</Project>
XML
cat >Probe.cs <<'CS'
using System.Reflection;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

static class Probe
{
    static void If(Index1D i, ArrayView<float> values, ArrayView<int> results)
    {
        if (values[i] >= 3f)
            return;
        values[i] += 2f;
        results[i] = 5;
    }

    static void Loop(Index1D i, ArrayView<float> values, ArrayView<int> results)
    {
        int sum = 0;
        for (int k = 0; k < results[i]; k++)
            sum ^= sum + k * 7;
        results[i] = sum;
    }

    static int Main()
    {
        Console.WriteLine($".NET {Environment.Version}, ILGPU 1.5.3");
        bool stands = true;
        foreach (string kernel in new[] { "If", "Loop" })
        {
            string[] first = Guarded(OptimizationLevel.O1, kernel), second = Guarded(OptimizationLevel.O2, kernel);
            Console.WriteLine($"{kernel}: O1 {string.Join("; ", first)} | O2 {string.Join("; ", second)}");
            stands &= first.Length > 0 && first.All(line => !line.Contains(".uni"));
            stands &= second.Length > 0 && second.All(line => line.Contains("bra.uni"));
        }

        return stands ? 0 : 1;
    }

    // Branches that a predicate guards.
    static string[] Guarded(OptimizationLevel level, string kernel) =>
        [.. Ptx(level, kernel).Split('\n').Select(line => line.Trim().Replace('\t', ' '))
            .Where(line => line.StartsWith('@') && line.Contains("bra"))];

    static string Ptx(OptimizationLevel level, string kernel)
    {
        using var context = Context.Create(builder => builder.CPU().Optimize(level));
        using var backend = new PTXBackend(
            context, new CudaCapabilityContext(CudaArchitecture.SM_80), CudaArchitecture.SM_80, CudaInstructionSet.ISA_75, null);
        var method = typeof(Probe).GetMethod(kernel, BindingFlags.Static | BindingFlags.NonPublic)!;
        var entry = EntryPointDescription.FromImplicitlyGroupedKernel(method);
        return ((PTXCompiledKernel)backend.Compile(entry, new KernelSpecialization())).PTXAssembly;
    }
}
CS
dotnet build -c Release -v q -o out >build.log 2>&1 || { cat build.log; exit 2; }
if ./out/probe; then
    echo "as found: with O2, branches on a thread's own data are marked as uniform"
else
    echo "changed: expected that with O2 branches on a thread's own data were marked as uniform"
    exit 1
fi
