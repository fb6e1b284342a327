using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Fused;
using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Fused.Matrices;

namespace Orleans.Tbptt.Tests.Training.Fused;

public sealed unsafe class WeightDropTests
{
    /// <summary>The shards of a step begin at other lanes, and have the same weights.</summary>
    [Fact]
    public void Weights_AreLoadedOnce_ForAllShardsOfAStep()
    {
        var model = new ModelSpec
        {
            Cell = new LstmCell(), InputSize = 2, HiddenSize = 3, OutputSize = 1, Dropout = new() { Weight = 0.5 },
        };
        var layout = ParameterLayout.Of(model);
        using var recurrence = new Loads();
        var drop = new WeightDrop(layout, 0, recurrence);
        fixed (float* parameters = new float[layout.Length])
            drop.Load(parameters);

        (long Step, int Lane)[] begins = [(0, 0), (0, 4), (0, 8), (1, 0), (1, 4)];
        int[] after = [.. begins.Select(one => Begin(one.Step, one.Lane))];

        Assert.Equal([1, 1, 1, 2, 2], after);

        int Begin(long step, int lane)
        {
            drop.Begin(new(1, step, lane, model.Dropout));
            return recurrence.Count;
        }
    }

    private sealed class Loads : Recurrence
    {
        public int Count { get; private set; }

        public override void LoadWeights(float* parameters) => Count++;

        public override void LoadBias(float* parameters, float* inputBias) => throw new InvalidOperationException();

        public override void Forward(CellMemory memory, TimeStep at) => throw new InvalidOperationException();

        public override void Backward(CellMemory memory, TimeStep at) => throw new InvalidOperationException();

        public override void Gradient(CellMemory memory, GradientRows rows, OutputGradient gateGradient, Bias inputBias, float* gradient) =>
            throw new InvalidOperationException();

        public override void Dispose()
        {
        }
    }
}
