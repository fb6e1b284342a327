using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Models;
using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Client.Statements;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Data.Safetensors;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Models;
using Orleans.Tbptt.Training.Replay;
using Orleans.Tbptt.Training.Verifying;

namespace Orleans.Tbptt.Client.Verify;

/// <summary>What is verified: a run by its journal, or a model package by its own word.</summary>
internal sealed class VerifyTarget
{
    private readonly RunInfo? _run;
    private readonly ModelPackage? _package;
    private readonly string _path;

    private VerifyTarget(string path, RunInfo? run, ModelPackage? package) => (_path, _run, _package) = (path, run, package);

    /// <summary>What it is called.</summary>
    public string Name => _run is { } run ? $"run {run.Directory.Id}" : $"model {_path}";

    /// <summary>By what it was computed; empty where a former release did not record it.</summary>
    public string Arithmetic => _run?.Status.Arithmetic ?? _package!.Config.Arithmetic ?? "";

    /// <summary>Whether it is a run, whose journal has each step.</summary>
    public bool IsRun => _run is not null;

    /// <summary>Finds a run by its ID or its directory, or a package by its directory.</summary>
    /// <exception cref="ClientException">There is none.</exception>
    public static VerifyTarget Find(ConsoleContext context, VerifyRequest request)
    {
        bool isPackage = !NamedRun.IsDirectory(request.Name)
            && (File.Exists(Path.Combine(request.Name, ModelPackage.ConfigFile)) || request.Name.Contains(Path.DirectorySeparatorChar));
        return isPackage ? new(request.Name, null, ModelFinder.Find(context, request.Runs, request.Name))
            : new(Path.GetFullPath(request.Name), NamedRun.Find(context.Time, request.Runs, request.Name), null);
    }

    /// <summary>Computes it again and compares.</summary>
    /// <exception cref="ReplayException">It cannot be computed again.</exception>
    public Verified Verify(VerifyRequest request, CancellationToken cancellation)
    {
        var options = new ReplayOptions { Threads = Environment.ProcessorCount, DataDirectory = request.DataRoot };
        if (_run is not { } run)
        {
            return request.From is null && request.To is null
                ? PackageVerification.Run(_package!, request.DataRoot ?? _path, options, cancellation: cancellation)
                : throw new ClientException(
                    "--from, --to: found with a model package, expected a run: a package has no steps to begin or end with",
                    ExitCode.Usage);
        }

        long last = request.To ?? run.Status.Step;
        if (last > run.Status.Step || request.From > last)
        {
            throw new ClientException(
                $"--from, --to: found {request.From ?? 0} to {last}, expected steps up to {run.Status.Step}, which run "
                + $"{run.Directory.Id} has made, the first before the last", ExitCode.Usage);
        }

        using var replay = RunReplay.Open(run.Directory, options);
        return new RunVerification(replay).Run(
            request.From, last, last == run.Status.Step ? ModelOfEnd(run) : null, cancellation: cancellation);
    }

    /// <summary>Why the model that lies in the run's directory is not compared, in words; empty where there is none, or it is.</summary>
    public string Uncompared { get; private set; } = "";

    /// <summary>
    /// The model that the run left at its last step. One that was stopped may have an older one, of a limit that it was resumed from.
    /// </summary>
    private string? ModelOfEnd(RunInfo run)
    {
        string model = run.Directory.Model;
        if (run.Status.State == RunState.Completed)
            return model;
        if (run.Status.State != RunState.Stopped || !File.Exists(model))
            return null;
        try
        {
            if (RunModelFile.StepOf(model) is not { } step || step == run.Status.Step)
                return model;
            Uncompared = $"{Path.GetFileName(model)} is of step {Text.Count(step)}, not of the last one, and was not compared";
            return null;
        }
        catch (SafetensorsException)
        {
            // What is no model any more is not equal to the one that is computed.
            return model;
        }
    }

    /// <summary>What can be stated when all was equal: of the model that was compared, and of no other file.</summary>
    /// <exception cref="ModelPackageException">The run has no model, or a file is damaged.</exception>
    /// <exception cref="ClientException">The model was not compared, or the run's package holds other weights.</exception>
    public ModelStatement State(Verified verified, string product)
    {
        if (verified.Model is not { } model)
        {
            throw new ClientException(
                $"--statement: found steps up to {verified.To} compared without a model, expected those of a run that has left one up to "
                + "its last one: a statement is of the model that they give; leave out --to, or --statement", ExitCode.Usage);
        }

        var package = _package ?? ModelPackage.OfRun(_run!.Directory, SpecLoader.Reader);
        var config = package.Config;
        return new()
        {
            Subjects = _run is { } run
                ? [new(ModelPackage.WeightsFile, null, model), .. PackageOf(run, config.Hashes.Weights)]
                : [new(ModelPackage.WeightsFile, null, RunModelFile.HashOf(Path.Combine(_path, ModelPackage.WeightsFile)))],
            Arithmetic = FusedReplica.ArithmeticVersion,
            Data = [.. config.Files.Select(file => new NamedFile(file.Path, file.Length, file.Sha256))],
            Product = product,
            Run = config.Run,
            Spec = config.Hashes.Spec,
            Weights = config.Hashes.Weights,
            Step = verified.To,
            State = verified.End,
            From = verified.From,
            Compared = verified.Compared,
        };
    }

    /// <summary>The weights' file of the package that the run left, if it holds the weights that were compared.</summary>
    private static IEnumerable<NamedFile> PackageOf(RunInfo run, string weights)
    {
        string file = Path.Combine(run.Directory.Package, ModelPackage.WeightsFile);
        if (!File.Exists(file))
            yield break;
        string found = ModelPackage.Load(run.Directory.Package, SpecLoader.Reader).Config.Hashes.Weights;
        if (found != weights)
        {
            throw new ClientException(
                $"--statement: {file}: found weights with SHA-256 {found}, expected {weights}, which were computed; remove the package, "
                + "or write it anew with tbptt export", ExitCode.Unequal);
        }

        yield return new($"model/{ModelPackage.WeightsFile}", null, RunModelFile.HashOf(file));
    }
}
