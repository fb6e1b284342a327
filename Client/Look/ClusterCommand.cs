using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Client.Look;

/// <summary><c>tbptt cluster</c>: the silos with their coordinators and trainers.</summary>
internal static class ClusterCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new RunIdText() },
    };

    /// <summary>Writes the silos.</summary>
    /// <param name="context">Services of the console.</param>
    /// <param name="selection">The cluster.</param>
    /// <param name="run">A run whose cluster to show; null for the named cluster, the run store's, or the only one.</param>
    /// <param name="json">Whether to write JSON.</param>
    /// <exception cref="ClientException">The cluster cannot be reached.</exception>
    public static async Task<int> RunAsync(ConsoleContext context, ClusterSelection selection, string? run, bool json)
    {
        var report = run is null ? await OfStoreAsync(context, selection) : await OfRunAsync(context, selection, run);
        var output = context.Terminal.Out;
        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(report, Json));
            return ExitCode.Completed;
        }

        output.WriteLine(
            $"cluster {Text.OneLine(report.ClusterId)}, version {Text.OneLine(report.Version)}, {Text.Plural(report.Silos.Count, "silo")}, "
            + $"{report.Silos.Sum(silo => silo.UsedSlots)} of {Text.Plural(report.Silos.Sum(silo => silo.Slots), "slot")} used");
        var table = new TextTable("SILO", "ADDRESS", "PROCESS", "VERSION", "DEVICES", "SLOTS", "STATE", "TRAINERS", "COORDINATORS", "PAGE");
        foreach (var silo in report.Silos)
        {
            table.Add(
                silo.Name, silo.Address, $"{silo.Pid}", silo.Version, OrDash(Text.Devices(silo)), $"{silo.UsedSlots}/{silo.Slots}",
                silo.Draining ? "draining" : "active", OrDash(silo.Trainers.Select(trainer => $"{trainer.Run}/{trainer.Index}")),
                OrDash(silo.Coordinators.Select(coordinator => coordinator.Text)), OrDash([silo.Page]));
        }

        table.Write(output);
        return ExitCode.Completed;
    }

    private static async Task<ClusterReport> OfStoreAsync(ConsoleContext context, ClusterSelection selection)
    {
        await using var cluster = await context.Clusters.OpenAnyAsync(selection, CancellationToken.None);
        return cluster.Report;
    }

    private static async Task<ClusterReport> OfRunAsync(ConsoleContext context, ClusterSelection selection, string name)
    {
        await using var run = await context.Clusters.FindAsync(selection, name, CancellationToken.None);
        _ = run.Runs;
        return run.Cluster!.Report;
    }

    private static string OrDash(IEnumerable<string> words) => string.Join(',', words) is { Length: > 0 } text ? text : "-";

    /// <summary>Writes a run ID as its text.</summary>
    private sealed class RunIdText : JsonConverter<RunId>
    {
        public override RunId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            RunId.Parse(reader.GetString() ?? "");

        public override void Write(Utf8JsonWriter writer, RunId value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.Text);
    }
}
