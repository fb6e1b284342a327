using Microsoft.Extensions.Options;
using Orleans.Tbptt.Grains;
using Orleans.Tbptt.Silo.Configuration;
using Orleans.Tbptt.Silo.Web.Models;

namespace Orleans.Tbptt.Tests.Silo.Web.Models;

/// <summary>Packages are kept in memory while they fit, and read again when they have changed.</summary>
public sealed class ModelShelfTests(ModelSite site) : IClassFixture<ModelSite>, IDisposable
{
    private readonly ModelShelf _shelf = new(Options.Create(new TbpttGrainsOptions()));
    private readonly ModelIndex _index = new(new SiloSettings { Runs = site.Runs }, TimeProvider.System);

    [Fact]
    public async Task Package_IsKept_UntilAFileOfItChanges()
    {
        var run = site.Copy(ModelSite.Sales, "kept-1");
        var first = _shelf.Load(await _index.FindAsync("kept-1"));

        Assert.Same(first, _shelf.Load(await _index.FindAsync("kept-1")));
        string weights = Path.Combine(run.Package, ModelFile.Names[0]);
        File.SetLastWriteTimeUtc(weights, File.GetLastWriteTimeUtc(weights).AddSeconds(1));
        Assert.NotSame(first, _shelf.Load(await _index.FindAsync("kept-1")));
    }

    [Fact]
    public async Task Packages_ThatWereUsedLongestAgo_AreLetGo()
    {
        var first = _shelf.Load(await _index.FindAsync(ModelSite.Sales));
        long one = _shelf.KeptBytes;
        for (int number = 0; number < 20; number++)
        {
            site.Copy(ModelSite.Sales, $"many-{number}");
            _shelf.Load(await _index.FindAsync($"many-{number}"));
        }

        Assert.Equal(16 * one, _shelf.KeptBytes);
        Assert.NotSame(first, _shelf.Load(await _index.FindAsync(ModelSite.Sales)));
    }

    /// <summary>A request reads a configuration once at most, and its package has the one that was read.</summary>
    [Fact]
    public async Task Configuration_IsKept_UntilItsFileChanges()
    {
        var run = site.Copy(ModelSite.Sales, "config-1");
        var first = await _index.FindAsync("config-1");

        Assert.NotNull(first.Config);
        Assert.Same(first.Config, (await _index.FindAsync("config-1")).Config);
        Assert.Same(first.Config, _shelf.Load(first).Config);
        string config = Path.Combine(run.Package, "config.json");
        File.WriteAllText(config, File.ReadAllText(config) + " ");
        Assert.NotSame(first.Config, (await _index.FindAsync("config-1")).Config);
    }

    public void Dispose() => _index.Dispose();
}
