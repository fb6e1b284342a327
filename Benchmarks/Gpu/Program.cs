using Orleans.Tbptt.Benchmarks.Gpu;
using Orleans.Tbptt.Benchmarks.Gpu.Parts;
using Orleans.Tbptt.Benchmarks.Gpu.Silos;
using Orleans.Tbptt.Specs;

// Every line stands by itself, so that nothing is lost where a later one fails.
const int Failed = 2, Unusable = 1;
(string Name, Func<Target, TextWriter, Task<string?>> Run)[] parts =
[
    ("goldens", Goldens.RunAsync), ("bits", BitsPart.RunAsync), ("cluster", ClusterPart.RunAsync), ("steps", StepsPart.RunAsync),
    ("precision", PrecisionPart.RunAsync), ("shared", SharedPart.RunAsync), ("memory", MemoryPart.RunAsync),
    ("ptx", PtxPart.RunAsync),
];
string[] withoutDevice = ["ptx"];
if (args is [SiloProcess.Verb, ..])
    return await SiloProcess.RunAsync(args);
string[] names = [.. parts.Select(part => part.Name)];
bool isEmulated = args.Contains("--emulated");
string named = args.SkipWhile(arg => arg != "--device").Skip(1).FirstOrDefault() ?? "cuda:0";
string[] asked = [.. args.Where((arg, at) => !arg.StartsWith("--", StringComparison.Ordinal) && (at == 0 || args[at - 1] != "--device"))];
string[] unknown = [.. asked.Except(names)];
if (unknown.Length > 0 || !DeviceName.TryParse(named, out var device) || device.CudaIndex is null)
{
    Console.Error.WriteLine(
        $"tbptt-gpu: found '{string.Join(' ', args)}', expected [--emulated] [--device cuda:N] and any of {string.Join(", ", names)}");
    return Unusable;
}

var target = new Target(device, isEmulated);
bool needsDevice = asked.Length == 0 || asked.Except(withoutDevice).Any();
if (needsDevice && target.FindProblem() is { } problem)
{
    Console.Error.WriteLine(
        $"{problem}; --emulated runs small shapes without a GPU, and {string.Join(", ", withoutDevice)} needs none");
    return Unusable;
}

string how = isEmulated ? "emulated" : !needsDevice ? "not used" : "held to the bits of the CPU by small networks";
Console.WriteLine($"# {TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm}Z, {device}, {how}");
bool isWell = true;
foreach (var (name, run) in parts.Where(part => asked.Length == 0 || asked.Contains(part.Name)))
{
    string? reason;
    try
    {
        reason = await run(target, Console.Out);
    }
#pragma warning disable CA1031 // Whatever fails in one part, the others are still to be run.
    catch (Exception exception)
#pragma warning restore CA1031
    {
        reason = exception.Message.ReplaceLineEndings(" ");
    }

    isWell &= reason is null;
    Console.WriteLine($"part,{name},{(reason is null ? "ok" : $"failed: {reason}")}");
}

return isWell ? 0 : Failed;
