using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Silo.Configuration;
using Orleans.Tbptt.Silo.Web.Listing;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Silo.Web.Models;

/// <summary>
/// The model packages of the run store. Lists keep the essentials of each configuration, requests of single models the whole ones of those
/// that were asked for last; either is read again only when its file has changed. Parameters are not read.
/// </summary>
/// <param name="settings">Names the run store.</param>
/// <param name="time">The clock.</param>
internal sealed class ModelIndex(SiloSettings settings, TimeProvider time) : IDisposable
{
    /// <summary>Requests within this time see the same list.</summary>
    private static readonly TimeSpan Freshness = TimeSpan.FromMilliseconds(250);

    /// <summary>Configurations that are kept whole, at most, and the bytes of their files.</summary>
    private const int MostWhole = 16;

    private const long MostWholeBytes = ModelConfigFile.MostBytes;

    private readonly string _root = Path.GetFullPath(settings.Runs);
    private readonly SemaphoreSlim _gate = new(1);
    private readonly Lock _finding = new();
    private readonly List<(RunId Run, CachedFile<ModelConfig> File)> _whole = [];
    private Dictionary<string, CachedFile<ModelConfig>> _known = [];
    private IReadOnlyList<ModelEntry> _list = [];
    private long _looked;

    /// <summary>The models, newest first.</summary>
    public async Task<IReadOnlyList<ModelEntry>> ListAsync()
    {
        await _gate.WaitAsync();
        try
        {
            if (_looked == 0 || time.GetElapsedTime(_looked) > Freshness)
            {
                await Task.Run(Look);
                _looked = time.GetTimestamp();
            }

            return _list;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>One model, with all of its configuration.</summary>
    /// <exception cref="ModelNotFoundException">There is none.</exception>
    public async Task<ModelEntry> FindAsync(string name)
    {
        var run = RunId.TryParse(name, out var id) ? new RunDirectory(_root, id) : throw new ModelNotFoundException(name);
        return await Task.Run(() => HasModel(run) ? EntryOf(run, WholeOf(run)) : null) ?? throw new ModelNotFoundException(name);
    }

    /// <summary>Whether a run has a model package, damaged or not.</summary>
    public static bool HasModel(RunDirectory run) => Directory.Exists(run.Package);

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private CachedFile<ModelConfig> WholeOf(RunDirectory run)
    {
        CachedFile<ModelConfig> before;
        lock (_finding)
            before = _whole.Find(one => one.Run == run.Id).File ?? CachedFile<ModelConfig>.Nothing;
        var now = before.Look(ConfigOf(run), () => ModelConfigFile.Read(ConfigOf(run)));
        lock (_finding)
        {
            _whole.RemoveAll(one => one.Run == run.Id);
            _whole.Add((run.Id, now));
            while (_whole.Count > MostWhole || (_whole.Count > 1 && _whole.Sum(one => one.File.Length) > MostWholeBytes))
                _whole.RemoveAt(0);
        }

        return now;
    }

    private void Look()
    {
        var known = new Dictionary<string, CachedFile<ModelConfig>>();
        var list = new List<ModelEntry>();
        foreach (var run in RunDirectory.All(_root).Where(HasModel))
        {
            var file = (_known.GetValueOrDefault(run.Id.Text) ?? CachedFile<ModelConfig>.Nothing)
                .Look(ConfigOf(run), () => ModelConfigFile.Essentials(ModelConfigFile.Read(ConfigOf(run))));
            known[run.Id.Text] = file;
            list.Add(EntryOf(run, file));
        }

        (_known, _list) =
            (known, [.. list.OrderByDescending(model => model.Written).ThenBy(model => model.Name, StringComparer.Ordinal)]);
    }

    private static string ConfigOf(RunDirectory run) => Path.Combine(run.Package, ModelPackage.ConfigFile);

    private static ModelEntry EntryOf(RunDirectory run, CachedFile<ModelConfig> config)
    {
        FileInfo[] files = [.. ModelFile.Names.Select(name => new FileInfo(Path.Combine(run.Package, name))).Where(file => file.Exists)];
        var written = files.Select(file => file.LastWriteTimeUtc).DefaultIfEmpty(Directory.GetLastWriteTimeUtc(run.Package)).Max();
        string[] missing = [.. ModelFile.Names.Except(files.Select(file => file.Name)).Where(name => name != ModelPackage.CardFile)];
        return new(run, written, [.. files.Select(file => new ModelFile(file.Name, file.Length))])
        {
            Config = config.Problem is null ? config.Value : null,
            Problem = config.Problem ?? (missing.Length == 0 ? ""
                : $"{run.Package}: found no {string.Join(", ", missing)}, expected a whole package; write one by "
                + $"'tbptt export {run.Id} --to DIR'"),
        };
    }
}
