using System.Text.Encodings.Web;
using System.Text.Json;
using Orleans.Tbptt.Client.Cluster;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Models;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Data.Tables;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Client.Serve;

/// <summary>What is served, and where.</summary>
/// <param name="Runs">The run store, which keeps the streams.</param>
/// <param name="Model">A package's directory, or a run.</param>
/// <param name="Name">The model's name in addresses; null for the run's ID, or the directory's name.</param>
/// <param name="Http">Where to listen: <c>[address:]port</c>.</param>
internal sealed record ServeRequest(string Runs, string Model, RunId? Name, string Http);

/// <summary><c>tbptt serve</c>: a local silo that serves a trained model until it is interrupted.</summary>
internal static class ServeCommand
{
    /// <summary>Serves, and returns the exit code. In every case the silo has ended.</summary>
    /// <exception cref="ClientException">There is no such model, or the silo cannot be started.</exception>
    /// <exception cref="SpecException">The model cannot be served.</exception>
    public static async Task<int> RunAsync(ConsoleContext context, ServeRequest request)
    {
        var package = ModelFinder.Find(context, request.Runs, request.Model);
        var encoder = Forecasting.RowsOf(package.Spec, package.Config.Contents);
        var plan = PlanOf(request, package) with { Telemetry = context.TelemetryOfSilos };
        var interruption = context.Interruption;
        interruption.Listen();
        try
        {
            await using var silo = await context.Launcher.ServeAsync(plan, interruption.Token);
            interruption.AtOnce = silo.Kill;
            try
            {
                Announce(context, plan, package, encoder, silo);
                return await ReaderWatch.RunWhileReadAsync<int>(context, async () => throw new ClientException(
                    $"the model is not served any more: {await silo.Ended.WaitAsync(interruption.Token)}", ExitCode.Unreachable));
            }
            finally
            {
                await silo.EndAsync();
            }
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            return interruption.ExitCode;
        }
        finally
        {
            interruption.AtOnce = null;
        }
    }

    private static ServePlan PlanOf(ServeRequest request, ModelPackage package)
    {
        bool isDirectory = File.Exists(Path.Combine(request.Model, ModelPackage.ConfigFile));
        string run = package.Config.Run;
        string directory = isDirectory ? Path.GetFullPath(request.Model)
            : new RunDirectory(Path.GetFullPath(request.Runs), RunId.Parse(run)).Package;
        if (!isDirectory && (request.Name is null || request.Name == RunId.Parse(run)))
            return new(request.Runs, run, null, request.Http);
        string name = request.Name?.Text ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(directory)).ToLowerInvariant();
        if (!RunId.TryParse(name, out _))
        {
            throw new ClientException(
                $"{Text.OneLine(request.Model)}: found the directory name '{Text.OneLine(name)}', expected {RunId.Expected}; add --name "
                + "NAME", ExitCode.Usage);
        }

        return File.Exists(Path.Combine(directory, ModelPackage.ConfigFile)) ? new(request.Runs, name, directory, request.Http)
            : throw new ClientException(
                $"--name: found a run without a package, which a former release trained, expected {directory}; write one with "
                + $"'tbptt export {run} --to DIR', and serve DIR", ExitCode.Usage);
    }

    /// <summary>Where silos read the token that requests need.</summary>
    private const string TokenVariable = "Tbptt__Web__Token";

    /// <summary>A text as JSON, on one line.</summary>
    private static string JsonOf(string text) => $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";

    private static void Announce(ConsoleContext context, ServePlan plan, ModelPackage package, RowEncoder encoder, IServingSilo silo)
    {
        var output = context.Terminal.Out;
        var config = package.Config;
        string address = $"{silo.Page}api/models/{plan.Name}/streams";
        string row = string.Join(", ", encoder.Numbers.Select(name => $"{JsonOf(name)}: 0")
            .Concat(encoder.Texts.Select(name => $"{JsonOf(name)}: \"\""))).Replace("'", @"'\''", StringComparison.Ordinal);
        string token = Environment.GetEnvironmentVariable(TokenVariable) is { Length: > 0 }
            ? $" -H \"Authorization: Bearer ${TokenVariable}\"" : "";
        output.WriteLine(
            $"model    {plan.Name}: {config.Cell}, {Text.Plural(config.Layers, "layer")} of {Text.Plural(config.HiddenSize, "unit")}");
        output.WriteLine($"rows     {Text.OneLine(string.Join(", ", encoder.Numbers.Concat(encoder.Texts)))}");
        output.WriteLine(
            $"answers  {Text.OneLine(string.Join(", ", encoder.Targets))}, {(encoder.Farthest > encoder.Horizon ? "1 to " : "")}"
            + $"{Text.Plural(encoder.Farthest, "row")} ahead");
        output.WriteLine($"streams  {address}/STREAM");
        output.WriteLine($"page     {silo.Page}");
        output.WriteLine($"silo     {silo.Pid}");
        output.WriteLine(
            $"try      curl{token} -H 'X-Tbptt: 1' -H 'Content-Type: application/json' "
            + $"-d '{{\"first\": 1, \"rows\": [{{{row}}}]}}' {address}/a");
        output.WriteLine("Ctrl-C ends");
        output.Flush();
    }
}
