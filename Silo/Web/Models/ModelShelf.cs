using System.Globalization;
using Microsoft.Extensions.Options;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Silo.Web.Models;

/// <summary>
/// Model packages in memory, for forecasts: those that were used last, up to a size, so that neither many models nor a large one take the
/// memory of runs.
/// </summary>
/// <param name="options">Has the choices with which the silo reads specs.</param>
/// <remarks>Not thread-safe: the desk's forecasts come one after another.</remarks>
internal sealed class ModelShelf(IOptions<TbpttGrainsOptions> options)
{
    /// <summary>Bytes of parameters and hidden states that are kept.</summary>
    public const long MostKept = 256L << 20;

    /// <summary>Bytes of the largest package that is loaded at all.</summary>
    public const long MostLoaded = 1L << 30;

    /// <summary>Packages that are kept at most.</summary>
    private const int MostPackages = 16;

    private readonly List<Kept> _kept = [];

    /// <summary>Bytes that are kept now.</summary>
    public long KeptBytes => _kept.Sum(one => one.Bytes);

    /// <summary>Reads a package, unless it is kept and its files are the same as then.</summary>
    /// <exception cref="ModelPackageException">It is damaged, or too large to be loaded here.</exception>
    public ModelPackage Load(ModelEntry model)
    {
        string stamp = StampOf(model);
        if (_kept.Find(one => one.Name == model.Name) is { } known)
        {
            _kept.Remove(known);
            if (known.Stamp == stamp)
            {
                _kept.Add(known);
                return known.Package;
            }
        }

        long bytes = Check(model);
        var package = ModelPackage.Load(model.Run.Package, model.Config!, options.Value.Choices.Reader);
        if (bytes <= MostKept)
            _kept.Add(new(model.Name, stamp, package, bytes));
        while (_kept.Count > MostPackages || KeptBytes > MostKept)
            _kept.RemoveAt(0);
        return package;
    }

    /// <summary>The spec of a model.</summary>
    /// <exception cref="ModelPackageException">It is none of this version.</exception>
    public RunSpec SpecOf(ModelEntry model)
    {
        string path = model.PathOf(ModelPackage.ConfigFile);
        if (model.Config is not { } config)
            throw new ModelPackageException(model.Problem);
        var document = Parse(config.Spec, path, model.Run.Package);
        return document.Spec ?? throw new ModelPackageException(
            $"{path}: found a spec that this version cannot read ({document.Problems[0]}), expected that of the run; use the version that "
            + "trained it");
    }

    /// <summary>Reads the text of a spec whose files need not be there.</summary>
    /// <param name="text">The text.</param>
    /// <param name="path">Where it stands.</param>
    /// <param name="directory">Where its relative paths begin.</param>
    public SpecDocument Parse(string text, string path, string directory) =>
        options.Value.Choices.Reader.Parse(new(text, path, directory), filesMustExist: false);

    /// <summary>
    /// The bytes that a package takes in memory. The sizes are those that its configuration claims, so they are compared with the files
    /// before anything of that size is allocated.
    /// </summary>
    private long Check(ModelEntry model)
    {
        if (model.Problem.Length > 0)
            throw new ModelPackageException(model.Problem);
        var whole = SpecOf(model);
        var spec = whole.Model;
        int lanes = whole.Data.BatchSize;
        Int128 parameters, hidden = HiddenLayout.Count(spec) * lanes;
        try
        {
            parameters = ParameterLayout.Count(spec);
        }
        catch (InvalidOperationException exception)
        {
            throw new ModelPackageException(
                $"{model.PathOf(ModelPackage.ConfigFile)}: found a spec without all sizes ({exception.Message}), expected that of a run; "
                + "export the model again", exception);
        }

        Fits(model, ModelPackage.WeightsFile, parameters, "parameters");
        Fits(model, ModelPackage.StateFile, hidden, "values of hidden states");
        var bytes = (parameters + hidden) * sizeof(float);
        return bytes <= MostLoaded ? (long)bytes : throw new ModelPackageException(
            $"{model.Run.Package}: found {Count(bytes)} bytes of parameters and hidden states, expected at most {Text.Count(MostLoaded)} "
            + "to forecast with in a silo; use 'tbptt predict'");
    }

    private static void Fits(ModelEntry model, string name, Int128 values, string what)
    {
        long found = model.Files.FirstOrDefault(file => file.Name == name)?.Bytes ?? 0;
        if (found < values * sizeof(float))
        {
            throw new ModelPackageException(
                $"{model.PathOf(name)}: found {Text.Count(found)} bytes, expected {Count(values * sizeof(float))} or more, which the "
                + $"{Count(values)} {what} take that {ModelPackage.ConfigFile} describes; export the model again");
        }
    }

    private static string Count(Int128 value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>When the files were written, and their sizes.</summary>
    private static string StampOf(ModelEntry model) => string.Join(' ', model.Files.Select(file => string.Create(
        CultureInfo.InvariantCulture, $"{file.Name}:{file.Bytes}:{File.GetLastWriteTimeUtc(model.PathOf(file.Name)).Ticks}")));

    private sealed record Kept(string Name, string Stamp, ModelPackage Package, long Bytes);
}
