using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Orleans.Tbptt.Client;
using Orleans.Tbptt.Client.CommandLine;
using Orleans.Tbptt.Client.Connecting;
using Orleans.Tbptt.Client.Models.Bulk;
using Orleans.Tbptt.Client.Watching;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Protocol;
using Orleans.Tbptt.Tests.Support;
using Orleans.Tbptt.Training.Models;
using TrainedModels = Orleans.Tbptt.Tests.Training.Models.TrainedModels;

namespace Orleans.Tbptt.Tests.Client;

/// <summary>Forecasts from many series, computed by this process or by silos.</summary>
[Slow]
public sealed class BulkPredictTests : IDisposable
{
    private const string Keys =
        "series: shop, time: day, inputs: [sales, weekday, size], known: [weekday], static: [size], categorical: [kind],";

    private readonly TrainedModels _models = new();

    /// <summary>In one file, in files of a few rows, row by row, on one silo and on three.</summary>
    [Fact]
    public async Task Forecasts_HaveOneHash_HoweverRowsAreCutAndWhereverTheyAreComputed()
    {
        string text = Shops(30), package = _models.Save(_models.Trained(text, Keys)), all = _models.Write("all.csv", text);
        string[] lines = text.TrimEnd().Split('\n');
        await PredictAsync(null, package, all, "--output", _models.File("all.out.csv"));
        string expected = HashOf(File.ReadAllLines(_models.File("all.out.csv")).Skip(1));

        var pieces = new List<string>();
        string state = _models.File("state");
        foreach (var (place, piece) in lines[1..].Chunk(97).Index())
        {
            string input = _models.Write("piece.csv", string.Join('\n', piece.Prepend(lines[0])) + "\n");
            string[] from = place == 0 ? [] : ["--from-state", state];
            await PredictAsync(null, package, input, ["--output", _models.File("piece.out.csv"), "--force", "--state-out", state, .. from]);
            pieces.AddRange(File.ReadAllLines(_models.File("piece.out.csv")).Skip(1));
        }

        Assert.Equal(expected, HashOf(pieces));
        using var arriving = new ScriptedConsole { Input = new MemoryStream(Encoding.UTF8.GetBytes(text)) };
        Assert.True(await arriving.RunAsync("predict", package, "--input", "-") == 0, arriving.Error);
        Assert.Equal(expected, HashOf(arriving.Output.TrimEnd().Split('\n').Skip(1)));
        byte[] bytes = File.ReadAllBytes(_models.File("all.out.csv"));
        foreach (int count in (int[])[1, 3])
        {
            await using var silos = await TestSilos.Start(count, slots: 2);
            string output = _models.File($"{count}.out.csv"), ends = _models.File($"{count}.state");
            await PredictAsync(new(silos), package, all, "--output", output, "--state-out", ends);
            Assert.Equal(bytes, File.ReadAllBytes(output));
            Assert.Equal(File.ReadAllBytes(await StateOfAll()), File.ReadAllBytes(ends));
        }

        async Task<string> StateOfAll()
        {
            await PredictAsync(null, package, all, "--output", _models.File("again.csv"), "--force", "--state-out", state);
            return state;
        }
    }

    /// <summary>A few rows of a few series at a time, the hidden states carried from block to block.</summary>
    [Theory]
    [InlineData(1, 1, 70)]
    [InlineData(2, 5_000, 20)]
    [InlineData(7, 40_000, 8)]
    [InlineData(64, 1 << 28, 18)]
    public async Task Blocks_OfAnySize_HaveTheBitsOfAllRowsAtOnce(int slots, long work, int least)
    {
        string text = Shops(20);
        var package = _models.Trained(text, Keys);
        using var data = Forecasting.Open(package.Spec, package.Config.Contents, _models.Write("all.csv", text));
        int state = Forecaster.HiddenLength(package);
        float[] before = new float[data.Sequences.Count * state], after = [.. before];
        var (expected, found) = (new List<(int, int, double)>(), new List<(int, int, double)>());
        Forecaster.Run(package, data, before, (slice, values) => Add(expected, slice, values));

        var model = BlockForecaster.ModelOf(package, data.Shape);
        using var cores = new LocalBlocks(model, slots);
        var counted = new CountedBlocks(cores);
        await BulkForecast.RunAsync(model, data, after, counted, (slice, values) => Add(found, slice, values), work: work);

        Assert.Equal(expected, found);
        Bits.Same(before, after);
        Assert.True(counted.Blocks >= least, $"{counted.Blocks} blocks");

        static void Add(List<(int, int, double)> all, Orleans.Tbptt.Data.SequenceSlice slice, ReadOnlySpan<double> values)
        {
            for (int i = 0; i < slice.Length; i++)
                all.Add((slice.Sequence, slice.Start + i, values[i]));
        }
    }

    /// <summary>What a killed silo had is computed by those that are left.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(9)]
    public async Task KilledSilo_ChangesNoByte(int killedAt)
    {
        string text = Shops(40), package = _models.Save(_models.Trained(text, Keys)), all = _models.Write("all.csv", text);
        await PredictAsync(null, package, all, "--output", _models.File("all.out.csv"));
        await using var silos = await TestSilos.Start(3, slots: 2);
        string? killed = null;
        var connector = new Connector(silos)
        {
            BeforeBlock = async (number, silo) =>
            {
                if (number == killedAt)
                    await silos.Cluster.KillSiloAsync(
                        silos.Cluster.Silos.First(one => one.SiloAddress.ToParsableString() == (killed = silo)));
            },
        };

        await PredictAsync(connector, package, all, "--output", _models.File("out.csv"));

        Assert.Equal(File.ReadAllBytes(_models.File("all.out.csv")), File.ReadAllBytes(_models.File("out.csv")));
        Assert.NotNull(killed);
        Assert.Contains(connector.Asked, silo => silo != killed);
    }

    [Theory]
    [InlineData(1_000_000, 8, 8)]
    [InlineData(100_000_000, 8, 2)]
    [InlineData(int.MaxValue, 64, 1)]
    [InlineData(0, 2, 2)]
    public void LargeModel_IsComputedOnFewerCores_ThanItsCopiesHaveRoomFor(int parameters, int cores, int expected) =>
        Assert.Equal(expected, Orleans.Tbptt.Client.Models.Bulk.LocalBlocks.SlotsFor(parameters, 8L << 30, cores));

    [Fact]
    public async Task SilosWithoutSlots_AreRefused()
    {
        string package = _models.Save(_models.Trained(Shops(4), Keys)), all = _models.Write("all.csv", Shops(4));
        await using var silos = await TestSilos.Start(1, slots: 0);
        using var console = new ScriptedConsole();

        Assert.Equal(ExitCode.Unreachable, await new ConsoleApp(console.Context with { Connector = new Connector(silos) })
            .RunAsync(["predict", package, "--input", all, "--cluster", "sqlite:x.db"]));

        Assert.Contains("found no silo with a slot, expected one; start one with 'tbptt-silo'", console.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ArrivingRows_AreRefused_WithACluster()
    {
        using var console = new ScriptedConsole();

        Assert.Equal(ExitCode.Usage, await console.RunAsync("predict", "model", "--input", "-", "--cluster", "sqlite:x.db"));

        Assert.Contains("--input: found - with --cluster, expected a file", console.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _models.Dispose();

    /// <summary>Shops of unequal lengths, from 1 row on, of every role of a column.</summary>
    private static string Shops(int count) => "day,shop,kind,size,weekday,sales\n" + string.Concat(Enumerable.Range(0, 50).SelectMany(
        day => Enumerable.Range(0, count).Where(shop => day <= shop * 50 / count).Select(shop => string.Create(
            CultureInfo.InvariantCulture,
            $"{new DateOnly(2024, 1, 1).AddDays(day):yyyy-MM-dd},s{shop:D2},k{shop % 3},{shop % 5},{day % 7},")
            + string.Create(CultureInfo.InvariantCulture, $"{(day * 7) + (shop * 5 % 13)}\n"))));

    private static string HashOf(IEnumerable<string> lines) => Convert.ToHexString(
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines.Order(StringComparer.Ordinal)))));

    private static async Task PredictAsync(Connector? silos, string package, string input, params string[] more)
    {
        using var console = new ScriptedConsole();
        var context = silos is null ? console.Context : console.Context with { Connector = silos };
        string[] cluster = silos is null ? [] : ["--cluster", "sqlite:x.db"];
        int code = await new ConsoleApp(context).RunAsync(
            ["predict", package, "--input", input, .. more, "--runs", console.Runs, .. cluster]);
        Assert.True(code == 0, console.Error);
    }

    private sealed class CountedBlocks(IBlockComputer inner) : IBlockComputer
    {
        private int _blocks;

        public int Blocks => _blocks;

        public int Slots => inner.Slots;

        public Task<ForecastReply> ComputeAsync(ForecastBlock block, CancellationToken cancellation)
        {
            Interlocked.Increment(ref _blocks);
            return inner.ComputeAsync(block, cancellation);
        }
    }

    /// <summary>Connects the console to silos in this process.</summary>
    private sealed class Connector(TestSilos silos) : IClusterConnector, IClusterSession, IForecastService
    {
        private readonly GrainForecastService _grains = new(silos.Grains);
        private int _blocks;

        /// <summary>Called before each block, with its number from 1 and its silo.</summary>
        public Func<int, string, Task> BeforeBlock { get; init; } = (_, _) => Task.CompletedTask;

        public System.Collections.Concurrent.ConcurrentQueue<string> Asked { get; } = [];

        public IRunService Runs { get; } = new GrainRunService(silos.Grains);

        public ISweepService Sweeps { get; } = new NoSweeps();

        public IForecastService Forecasts => this;

        public Task<bool> HasSilosAsync(ClusterAddress address, CancellationToken cancellation) => Task.FromResult(true);

        public Task<IClusterSession> OpenAsync(ClusterAddress address, CancellationToken cancellation) =>
            Task.FromResult<IClusterSession>(this);

        public Task<string> LoadAsync(string silo, ForecastModel model) => _grains.LoadAsync(silo, model);

        public async Task<ForecastReply> ComputeAsync(string silo, ForecastBlock block)
        {
            int number = Interlocked.Increment(ref _blocks);
            Asked.Enqueue(silo);
            await BeforeBlock(number, silo);
            return await _grains.ComputeAsync(silo, block);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
