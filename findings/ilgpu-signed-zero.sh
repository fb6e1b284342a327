#!/usr/bin/env bash
# ILGPU 1.5.3: a kernel's 0 - x becomes a negation and x + 0 becomes x, so zeros have another sign on a GPU than on the CPU
# accelerator.
#
# Guess: a compiler that is not asked for fast mathematics keeps float32 expressions as IEEE 754 defines them: 0 - 0 is +0, and
# -0 + 0 is +0.
# Found: with the default MathMode the PTX of 0f - x has neg.f32 and no subtraction, which makes -0 of +0; the PTX of x + 0f has no
# addition, which leaves -0. The CPU accelerator runs the same kernels by .NET's rules and gives +0 for both.
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
    static void Negate(Index1D i, ArrayView<float> values, float unused) => values[i] = 0f - values[i];

    static void AddZero(Index1D i, ArrayView<float> values, float unused) => values[i] = values[i] + 0f;

    static int Main()
    {
        Console.WriteLine($".NET {Environment.Version}, ILGPU 1.5.3");
        float negated = OnCpu(Negate, 0f), added = OnCpu(AddZero, -0f);
        Console.WriteLine($"CPU accelerator: 0 - (+0) is {negated}, -0 + 0 is {added}");
        var (subtraction, addition) = (Floats("Negate"), Floats("AddZero"));
        Console.WriteLine($"PTX of 0f - x: {string.Join("; ", subtraction)}");
        Console.WriteLine($"PTX of x + 0f: {(addition.Length == 0 ? "no operation" : string.Join("; ", addition))}");
        return !float.IsNegative(negated) && !float.IsNegative(added)
            && subtraction is [var only] && only.StartsWith("neg.f32") && addition.Length == 0 ? 0 : 1;
    }

    // The operations on float32 of a kernel; loads, stores and moves are none.
    static string[] Floats(string kernel) => [.. Ptx(OptimizationLevel.Release, kernel).Split('\n').Select(line => line.Trim())
        .Where(line => line.Contains(".f32") && !line.StartsWith('.') && !line.StartsWith("ld.") && !line.StartsWith("st.")
            && !line.StartsWith("mov."))];

    static float OnCpu(Action<Index1D, ArrayView<float>, float> kernel, float value)
    {
        using var context = Context.Create(builder => builder.CPU());
        using var accelerator = context.CreateCPUAccelerator(0);
        using var buffer = accelerator.Allocate1D(new[] { value });
        accelerator.LoadAutoGroupedStreamKernel(kernel)(1, buffer.View, 0f);
        accelerator.Synchronize();
        return buffer.GetAsArray1D()[0];
    }

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
    echo "as found: 0 - x is compiled to a negation, x + 0 to nothing"
else
    echo "changed: expected that 0 - x was compiled to a negation, x + 0 to nothing"
    exit 1
fi
