#!/usr/bin/env bash
# ILGPU 1.5.3: MathF.Min and MathF.Max lose a NaN on a GPU, where .NET and ILGPU's CPU accelerator keep it.
#
# Guess: MathF.Min(NaN, 0.5) is NaN in a kernel, too: PTX has min.NaN.f32 for that since ISA 7.0 (sm_80).
# Found: for sm_80 and ISA 7.5 the PTX has min.f32 and max.f32, which by the PTX manual return the operand that is a number. On the CPU
# accelerator the same kernel returns NaN. A clamp in a kernel thus turns a NaN into a bound on a GPU alone.
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
    static void Smaller(Index1D i, ArrayView<float> values, float bound) => values[i] = MathF.Min(values[i], bound);

    static void Larger(Index1D i, ArrayView<float> values, float bound) => values[i] = MathF.Max(values[i], bound);

    static int Main()
    {
        Console.WriteLine($".NET {Environment.Version}, ILGPU 1.5.3");
        float smaller = OnCpu(Smaller), larger = OnCpu(Larger);
        Console.WriteLine($"CPU accelerator: Min(NaN, 0.5) is {smaller}, Max(NaN, 0.5) is {larger}");
        string[] minimum = Lines("Smaller", "min."), maximum = Lines("Larger", "max.");
        Console.WriteLine($"PTX: {string.Join("; ", minimum)} {string.Join("; ", maximum)}");
        return float.IsNaN(smaller) && float.IsNaN(larger)
            && minimum is [var min] && min.StartsWith("min.f32") && maximum is [var max] && max.StartsWith("max.f32") ? 0 : 1;
    }

    static string[] Lines(string kernel, string beginning) =>
        [.. Ptx(OptimizationLevel.Release, kernel).Split('\n').Select(line => line.Trim()).Where(line => line.StartsWith(beginning))];

    static float OnCpu(Action<Index1D, ArrayView<float>, float> kernel)
    {
        using var context = Context.Create(builder => builder.CPU());
        using var accelerator = context.CreateCPUAccelerator(0);
        using var buffer = accelerator.Allocate1D(new[] { float.NaN });
        accelerator.LoadAutoGroupedStreamKernel(kernel)(1, buffer.View, 0.5f);
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
    echo "as found: Min and Max are compiled to min.f32 and max.f32, which drop a NaN"
else
    echo "changed: expected that Min and Max were compiled to min.f32 and max.f32"
    exit 1
fi
