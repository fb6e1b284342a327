using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Cluster.Wording;

namespace Orleans.Tbptt.Client.Doctor;

/// <summary><c>tbptt doctor</c>: looks at everything that training here, or on a cluster, depends on.</summary>
internal static class DoctorCommand
{
    private static readonly JsonSerializerOptions Json =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes a line for each finding.</summary>
    /// <returns>0 where there is no problem, warnings or not; else 1.</returns>
    public static async Task<int> RunAsync(ConsoleContext context, ClusterSelection selection, bool json)
    {
        var engines = new EngineChecks(() => SiloProgram.Find(AppContext.BaseDirectory), () => context.CountGpus() is not 0, context.Time);
        Finding[] findings =
        [
            .. new MachineChecks().All(),
            .. await engines.AllAsync(),
            .. new StoreChecks(context.Time).All(selection.Runs, isLocal: !selection.IsNamed),
            .. await ClusterChecks.AllAsync(context, selection),
        ];
        var output = context.Terminal.Out;
        if (json)
            output.WriteLine(new JsonArray([.. findings.Select(ToJson)]).ToJsonString(Json));
        else
            Write(findings, output);
        return findings.Any(finding => finding.Verdict == Verdict.Problem) ? ExitCode.Failed : ExitCode.Completed;
    }

    private static void Write(Finding[] findings, TextWriter output)
    {
        int width = findings.Max(finding => finding.Subject.Length);
        foreach (var finding in findings)
            output.WriteLine($"{Text.State(finding.Verdict),-8} {finding.Subject.PadRight(width)}  {finding}");
        int problems = findings.Count(finding => finding.Verdict == Verdict.Problem);
        int warnings = findings.Count(finding => finding.Verdict == Verdict.Warning);
        int unknown = findings.Count(finding => finding.Verdict == Verdict.Unknown);
        output.WriteLine((problems + warnings == 0 ? "no problem was found"
            : $"{Text.Plural(problems, "problem")}, {Text.Plural(warnings, "warning")}")
            + (unknown == 0 ? "" : $"; {unknown} not known"));
    }

    private static JsonNode ToJson(Finding finding)
    {
        var json = new JsonObject { ["subject"] = finding.Subject, ["verdict"] = Text.State(finding.Verdict), ["found"] = finding.Found };
        if (finding.Expected.Length > 0)
            (json["expected"], json["remedy"]) = (finding.Expected, finding.Remedy);
        return json;
    }
}
