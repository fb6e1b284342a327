using System.CommandLine;
using Orleans.Tbptt.Client.Train;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.CommandLine;

/// <summary>The options of commands that train a new run: its ID, where it is trained, what is changed, and how it is shown.</summary>
/// <param name="insteadOfDetach">What takes the place of <c>--detach</c> on a cluster.</param>
internal sealed class NewRunOptions(string insteadOfDetach)
{
    private readonly Option<RunId?> _id = CommonOptions.Id(
        "ID of the new run, which no other run of the run store may have. Default: the spec's name and the time.");

    private readonly Option<int?> _silos = CommonOptions.Silos("Silo processes to start; default 1.");

    private readonly Option<string> _output = CommonOptions.Output();

    private readonly Option<bool> _detach =
        new("--detach") { Description = "Return when the run has started; its silos end when the run has ended." };

    private readonly ClusterOptions _cluster = new();

    /// <summary>The option <c>--set</c>.</summary>
    public Option<string[]> Sets { get; } = CommonOptions.Overrides();

    /// <summary>Adds the options to a command, behind its own.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_id, _silos, Sets, _output, _detach])
            command.Options.Add(option);
        _cluster.AddTo(command);
        _cluster.Excludes(command, _silos, "a cluster's silos are already running");
        _cluster.Excludes(command, _detach, insteadOfDetach);
    }

    /// <summary>What the command line says of the run.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="spec">The spec's file; empty where the command makes the spec.</param>
    public TrainRequest Read(ParseResult result, string spec = "") => new()
    {
        Spec = spec,
        Sets = result.GetValue(Sets) ?? [],
        Silos = result.GetValue(_silos) ?? 1,
        Output = result.Mode(_output),
        Cluster = _cluster.Read(result),
        Detach = result.GetValue(_detach),
        Id = result.GetValue(_id),
    };
}
