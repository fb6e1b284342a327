using System.CommandLine;

namespace Orleans.Tbptt.Benchmarks.Serve;

/// <summary>The command lines of <see cref="ServeLatency"/> and <see cref="RowCost"/>.</summary>
internal static class ServeCommands
{
    public static Command Latency()
    {
        var streams = new Option<int>("--streams") { Description = "Streams.", DefaultValueFactory = _ => 1000 };
        var rate = new Option<int>("--rate") { Description = "Rows a second, of all streams.", DefaultValueFactory = _ => 2000 };
        var seconds = new Option<int>("--seconds") { Description = "How long.", DefaultValueFactory = _ => 20 };
        var units = new Option<int>("--units") { Description = "Units of the LSTM.", DefaultValueFactory = _ => 64 };
        var silo = new Option<string?>("--silo-core")
        {
            Description = "The core of the silo, for taskset.", DefaultValueFactory = _ => "0",
        };
        var client = new Option<string?>("--client-core")
        {
            Description = "The core of this program, for taskset.", DefaultValueFactory = _ => "1",
        };
        var flush = new Option<bool>("--flush") { Description = "Whether rows are flushed to the disk.", DefaultValueFactory = _ => true };
        var directory = new Option<string?>("--directory") { Description = "Directory of the run store. Default: a temporary one." };
        var command = new Command(
            "serve", "Measures how long rows of many streams take over HTTP, sent at a steady rate whether answers come or not.")
        {
            streams, rate, seconds, units, silo, client, flush, directory,
        };
        command.SetAction((parsed, cancellation) => ServeLatency.RunAsync(
            new(parsed.GetValue(streams), parsed.GetValue(rate), parsed.GetValue(seconds), parsed.GetValue(units), parsed.GetValue(silo),
                parsed.GetValue(client), parsed.GetValue(flush), parsed.GetValue(directory)), cancellation));
        return command;
    }

    public static Command Cost()
    {
        var rounds = new Option<int>("--rounds") { Description = "Rounds.", DefaultValueFactory = _ => 15 };
        var units = new Option<int>("--units") { Description = "Units of the LSTM.", DefaultValueFactory = _ => 64 };
        var command = new Command(
            "row-cost", "Measures what a row of a stream costs to compute, alone and 64 together, here and in ONNX Runtime.")
        {
            rounds, units,
        };
        command.SetAction((parsed, _) =>
        {
            RowCost.Run(parsed.GetValue(rounds), parsed.GetValue(units));
            return Task.CompletedTask;
        });
        return command;
    }
}
