using System.CommandLine;
using Orleans.Tbptt.Training.Engines;

namespace Orleans.Tbptt.Benchmarks;

/// <summary><c>--engine</c>, one of the words of a spec.</summary>
internal static class EngineOption
{
    public static Option<Engine> Create()
    {
        var option = new Option<Engine>("--engine")
        {
            Description = "Engine; auto selects fused.",
            CustomParser = result => ComputeEngines.All.First(engine => engine.Word == result.Tokens[0].Value),
            DefaultValueFactory = _ => ComputeEngines.All[0],
        };
        option.AcceptOnlyFromAmong([.. ComputeEngines.All.Select(engine => engine.Word)]);
        return option;
    }
}
