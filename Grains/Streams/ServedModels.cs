using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Tbptt.Grains.Store;
using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Grains.Streams;

/// <summary>There is no such model, or it cannot be served; the message says what was found and what was expected.</summary>
public sealed class ModelNotServedException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// The models of a silo by their names: the packages that its settings name, and those of the run store's runs. A package that is replaced
/// is loaded within a second.
/// </summary>
/// <param name="options">Names the packages.</param>
/// <param name="store">The run store.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Receives the packages that cannot be read.</param>
internal sealed partial class ServedModels(
    IOptions<TbpttGrainsOptions> options, RunStore store, TimeProvider time, ILogger<ServedModels> logger)
{
    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<RunId, Entry> _loaded = [];
    private readonly ConcurrentDictionary<RunId, Lazy<Task<ServedModel>>> _looks = [];
    private readonly Dictionary<RunId, string> _named = options.Value.Serve.Models
        .Select(item => (Is: ServeOptions.TryRead(item, out var name, out string? directory), Name: name, Directory: directory))
        .Where(one => one.Is).ToDictionary(one => one.Name, one => one.Directory!);

    /// <summary>The names of all models: those of the settings, and the runs that have ended with one, in ordinal order.</summary>
    public IReadOnlyList<RunId> Names =>
    [
        .. _named.Keys.Concat(store.All().Where(run => File.Exists(run.Model)).Select(run => run.Id)).Distinct()
            .OrderBy(name => name.Text, StringComparer.Ordinal),
    ];

    /// <summary>The names that the settings give to packages.</summary>
    public IReadOnlyCollection<RunId> Packages => _named.Keys;

    /// <summary>A model, as its package is now.</summary>
    /// <exception cref="ModelNotServedException">There is none, or it cannot be served.</exception>
    public ValueTask<ServedModel> FindAsync(RunId name)
    {
        if (_loaded.TryGetValue(name, out var entry) && time.GetElapsedTime(entry.LookedAt) < LookPeriod)
            return new(entry.Model);

        // One look for all who ask at once.
        return new(_looks.GetOrAdd(name, one => new(() => Task.Run(() =>
        {
            try
            {
                return Look(one, _loaded.GetValueOrDefault(one));
            }
            finally
            {
                _looks.TryRemove(one, out _);
            }
        }))).Value);
    }

    private ServedModel Look(RunId name, Entry? before)
    {
        var (path, load) = PackageOf(name);
        long stamp = File.Exists(path) ? File.GetLastWriteTimeUtc(path).Ticks : 0;
        if (before is not null && before.Stamp == stamp)
            return Keep(name, before.Model, stamp);
        try
        {
            var package = load();
            bool isSame = before is not null && package.Config.Hashes == before.Model.Config.Hashes;
            return Keep(name, isSame ? before!.Model : new(name, package), stamp);
        }
        catch (Exception exception) when (exception is ModelPackageException or SpecException or InvalidOperationException)
        {
            if (before is null)
                throw new ModelNotServedException($"model {name}: {exception.Message}", exception);

            // A package that is being copied; it is looked at again.
            LogKept(logger, name.Text, exception.Message);
            return Keep(name, before.Model, before.Stamp);
        }
    }

    private (string Stamp, Func<ModelPackage> Load) PackageOf(RunId name)
    {
        if (_named.TryGetValue(name, out string? directory))
            return (Path.Combine(directory, ModelPackage.ConfigFile), () => ModelPackage.Load(directory, store.Reader));
        var run = store.Of(name);
        if (!Directory.Exists(run.Path))
        {
            throw new ModelNotServedException(
                $"found no run and no package named {name}, expected a run of {Path.GetDirectoryName(run.Path)}, or a name of "
                + "Tbptt:Serve:Models");
        }

        string config = Path.Combine(run.Package, ModelPackage.ConfigFile);
        return File.Exists(config) ? (config, () => ModelPackage.Load(run.Package, store.Reader))
            : (run.Model, () => ModelPackage.OfRun(run, store.Reader));
    }

    private ServedModel Keep(RunId name, ServedModel model, long stamp)
    {
        _loaded[name] = new(model, stamp, time.GetTimestamp());
        return model;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Model {Model} stays as it was, because its package cannot be read: {Problem}")]
    private static partial void LogKept(ILogger logger, string model, string problem);

    private sealed record Entry(ServedModel Model, long Stamp, long LookedAt);
}
