using System.CommandLine;
using Orleans.Tbptt.Data.Plan;
using Orleans.Tbptt.Data.Preparation;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Engines;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Benchmarks.Backprop;

/// <summary>
/// What a step costs one trainer that has several shards against one that has all lanes in one shard: processor time of whole epochs by
/// turns, with the fused engine in one process, the sum over the shards and the update included. Linux only.
/// </summary>
internal static class ShardCost
{
    private const int Lanes = 32;
    private const int ChunkLength = 35;
    private const int Length = 40 * ChunkLength;

    /// <summary>The command.</summary>
    public static Command Make()
    {
        var rounds = new Option<int>("--rounds") { Description = "Paired rounds.", DefaultValueFactory = _ => 5 };
        var command = new Command("shards", "Compares a step of one trainer in several shards with one in a single shard.") { rounds };
        command.SetAction((parsed, _) =>
        {
            Compare(parsed.GetValue(rounds));
            return Task.CompletedTask;
        });
        return command;
    }

    private static void Compare(int rounds)
    {
        Console.WriteLine("| units | shards | one shard, µs of the processor per step | several / one, median (least to most) |");
        Console.WriteLine("| --- | --- | --- | --- |");
        foreach (var (units, shards) in ((int, int)[])[(20, 4), (128, 4), (128, 8), (512, 4)])
        {
            using var one = new Contestant(units, 1);
            using var several = new Contestant(units, shards);
            var paired = PairedEpochs.Run(rounds, one.Epochs, several.Epochs);
            double microseconds = paired.Seconds * 1e6 / one.Steps;
            Console.WriteLine(FormattableString.Invariant($"| {units} | {shards} | {microseconds:f0} | {paired.Ratio("f3")} |"));
        }
    }

    private sealed class Contestant : IDisposable
    {
        private readonly PreparedRun _run;
        private readonly TrainingState _state;
        private readonly StepCommit _commit;
        private readonly TrainerShards _shards;
        private readonly NodeSums _sums;
        private readonly float[] _gradients;
        private readonly long _chunks;
        private readonly int _epochs;
        private int _epoch;

        public Contestant(int units, int shards)
        {
            _run = PairedEpochs.Prepare(units, layers: 1, Lanes, 2 * Lanes, Length, new() { ChunkLength = ChunkLength }, shards);
            var spec = _run.Spec;
            _state = new(spec);
            _commit = new(_state, spec.Train, 1 << 14);
            _shards = new(spec, _run.Data, LaneBlock.Split(Lanes, shards), Engine.Open(spec, DeviceName.Cpu));
            _gradients = new float[shards * _state.Layout.Length];
            _sums = new(new(0, shards), shards, _gradients);
            _chunks = new EpochPlans(spec, _run.Data).Training(0).Steps;
            _epochs = units < 100 ? 16 : units < 200 ? 4 : 1;
        }

        public long Steps => _epochs * _chunks;

        /// <summary>Trains some epochs.</summary>
        public void Epochs()
        {
            for (int epoch = 0; epoch < _epochs; epoch++, _epoch++)
            {
                for (long chunk = 0; chunk < _chunks; chunk++)
                    Step(new(_state.Step, _epoch, chunk));
            }
        }

        public void Dispose()
        {
            _shards.Dispose();
            _run.Dispose();
        }

        private void Step(StepPosition at)
        {
            var losses = _shards.TrainChunk(at, _state.Parameters, _gradients);
            _sums.AddUp();
            var results = new ShardResult[losses.Length];
            for (int shard = 0; shard < results.Length; shard++)
                results[shard] = new(default, _shards.HiddenOf(shard), losses[shard].LossSum, losses[shard].Weight);
            _commit.Begin(results);
            var nodes = new ReadOnlyMemory<float>[results.Length];
            for (int piece = 0; piece < _commit.Pieces; piece++)
            {
                // The whole tree is one node, which stands at its first shard.
                nodes[0] = _commit.Piece(_sums[0], piece);
                _commit.Add(piece, nodes);
            }

            _commit.Update();
        }
    }
}
