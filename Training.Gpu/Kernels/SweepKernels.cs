using Orleans.Tbptt.Training.Fused.Cells;
using Orleans.Tbptt.Training.Gpu.Code;

namespace Orleans.Tbptt.Training.Gpu.Kernels;

/// <summary>
/// All time steps of a layer in one kernel, forward or backward: the product with the recurrent weight, each sum one chain in the order of
/// its terms, and the cell's own code, traced.
/// </summary>
/// <remarks>
/// Blocks along the units need each other's numbers at every time step: between two of them they wait for the whole grid
/// (<see cref="Wait.Grid"/>), or the host launches one time step after the other. A table has of each time step its first row, its lanes,
/// the first row of its lanes' states before in the histories, and the first row of the time step before.
/// </remarks>
internal sealed class SweepKernels
{
    /// <summary>Numbers of a time step in the table.</summary>
    public const int StepNumbers = 4;

    /// <summary>Which part of a backward time step a launch computes.</summary>
    public const int WholeStep = 0, CellAlone = 1, ProductAlone = 2;

    private readonly RecurrentCell _cell;
    private readonly int _units;

    /// <summary>Makes the kernels of a cell.</summary>
    public SweepKernels(RecurrentCell cell, int units)
    {
        (_cell, _units, Shape) = (cell, units, new(cell, units));
        (Forward, ForwardOverGrid) = (MakeForward(Wait.Block), MakeForward(Wait.Grid));
        (Backward, BackwardOverGrid) = (MakeBackward(Wait.Block), MakeBackward(Wait.Grid));
    }

    /// <summary>Who waits for whom between time steps.</summary>
    private enum Wait
    {
        Block,
        Grid,
    }

    /// <summary>How threads are divided.</summary>
    public SweepShape Shape { get; }

    /// <summary>From the sums over inputs and the initial state to all states.</summary>
    public KernelCode Forward { get; }

    /// <summary>The same by several blocks along the units, which wait for each other.</summary>
    public KernelCode ForwardOverGrid { get; }

    /// <summary>From the gradient of outputs to that of the gates' sums.</summary>
    public KernelCode Backward { get; }

    /// <summary>The same by several blocks along the units, which wait for each other.</summary>
    public KernelCode BackwardOverGrid { get; }

    /// <summary>All of them.</summary>
    public IReadOnlyList<KernelCode> All => [Forward, ForwardOverGrid, Backward, BackwardOverGrid];

    private int Sums => _cell.Gates * _units;

    private KernelCode MakeForward(Wait wait) => KernelBuilder.Build(Name("forward", wait), Shape.MostThreads, k =>
    {
        var at = new SweepThread(k, _cell, Shape);
        var bias = k.PointerParameter();
        var (first, last) = (k.IntParameter(), k.IntParameter());
        var (left, weights) = (k.Share(SweepShape.MostLanes * SweepShape.Row), k.Share(Shape.Resident ? Shape.WeightNumbers : 0));
        if (Shape.HasWeights && Shape.Resident)
            LoadForward(k, at, weights);
        var arrivals = k.Variable((Int)0);
        k.For(first, last, 1, step =>
        {
            at.Enter(step);
            var sums = new F32[_cell.Gates, SweepShape.Lanes];
            if (Shape.HasWeights)
            {
                at.EachLane((lane, row) =>
                {
                    for (int gate = 0; gate < _cell.Gates; gate++)
                        sums[gate, lane] = k.Variable(0f);
                });
                at.EachActive((lane, row) =>
                {
                    for (int gate = 0; gate < _cell.Gates; gate++)
                    {
                        var begin = _cell.SplitsGates ? bias[at.Unit + (gate * _units)]
                            : at.Gates[((at.Row + row) * Sums) + at.Unit + (gate * _units)];
                        k.Assign(sums[gate, lane], begin);
                    }
                });
                at.EachTerm(left, _units, (row, term) => at.States[0][((at.Before + row) * _units) + term], (place, term) =>
                {
                    for (int gate = 0; gate < _cell.Gates; gate++)
                    {
                        var weight = Shape.Resident
                            ? weights[((at.LocalUnit + (gate * Shape.BlockUnits)) * (_units + 1)) + term]
                            : at.Weight[((at.UnitOrLast + (gate * _units)) * _units) + term];
                        for (int lane = 0; lane < SweepShape.Lanes; lane++)
                        {
                            k.Assign(
                                sums[gate, lane], F32.MultiplyAdd(place[lane * SweepShape.Row], weight, sums[gate, lane]));
                        }
                    }
                });
            }

            at.EachActive((lane, row) => at.TraceForward(row, Shape.HasWeights ? gate => sums[gate, lane] : null));
            at.WaitForOthers(wait == Wait.Grid, arrivals);
        });
    });

    private KernelCode MakeBackward(Wait wait) => KernelBuilder.Build(Name("backward", wait), Shape.MostThreads, k =>
    {
        var at = new SweepThread(k, _cell, Shape);
        var (part, first, last) = (k.IntParameter(), k.IntParameter(), k.IntParameter());
        var (left, weights) = (k.Share(SweepShape.MostLanes * SweepShape.Row), k.Share(Shape.Resident ? Shape.WeightNumbers : 0));
        if (Shape.HasWeights && Shape.Resident)
            LoadBackward(k, at, weights);
        var arrivals = k.Variable((Int)0);
        k.For(0, last - first, 1, behind =>
        {
            var step = last - 1 - behind;
            at.Enter(step);
            k.If(part < ProductAlone, () => at.EachActive((_, row) => at.TraceBackward(row)));
            at.WaitForOthers(wait == Wait.Grid, arrivals);
            if (!Shape.HasWeights)
                return;

            // At the chunk's first time step the gradient ends: it has no terms, and goes to rows that nobody reads.
            var terms = k.Variable((Int)Sums);
            k.If(step.Is(0), () => k.Assign(terms, 0));
            k.If(part.Is(CellAlone), () => k.Assign(terms, 0));
            var sums = new F32[SweepShape.Lanes];
            at.EachLane((lane, _) => sums[lane] = k.Variable(0f));
            at.EachActive((lane, row) => k.Assign(sums[lane], at.OutputGradient[((at.RowBefore + row) * _units) + at.Unit]));
            at.EachTerm(left, terms, (row, term) => at.HiddenGates[((at.Row + row) * Sums) + term], (place, term) =>
            {
                var weight = Shape.Resident ? weights[(term * Shape.BlockUnits) + at.LocalUnit]
                    : at.Weight[(term * _units) + at.UnitOrLast];
                for (int lane = 0; lane < SweepShape.Lanes; lane++)
                    k.Assign(sums[lane], F32.MultiplyAdd(place[lane * SweepShape.Row], weight, sums[lane]));
            });
            at.EachActive((lane, row) => at.OutputGradient.Store(((at.RowBefore + row) * _units) + at.Unit, sums[lane]));
        });
    });

    /// <summary>The weights of the block's units, <c>[gate][unit][unit before]</c>; 0 behind the last unit.</summary>
    private void LoadForward(KernelBuilder k, SweepThread at, Shared weights)
    {
        k.For(k.Thread, Shape.BlockUnits * Sums, at.Threads, i =>
        {
            Int before = i % _units, line = i / _units;
            Int local = line & (Shape.BlockUnits - 1), unit = at.FirstUnit + local;
            var value = k.Variable(0f);
            k.If(unit < _units, () => k.Assign(value, at.Weight[((((line / Shape.BlockUnits) * _units) + unit) * _units) + before]));
            weights.Store((line * (_units + 1)) + before, value);
        });
        k.Barrier();
    }

    /// <summary>The same, <c>[gate's sum][unit]</c>.</summary>
    private void LoadBackward(KernelBuilder k, SweepThread at, Shared weights)
    {
        k.For(k.Thread, Sums * Shape.BlockUnits, at.Threads, i =>
        {
            Int sum = i / Shape.BlockUnits, unit = at.FirstUnit + (i & (Shape.BlockUnits - 1));
            var value = k.Variable(0f);
            k.If(unit < _units, () => k.Assign(value, at.Weight[(sum * _units) + unit]));
            weights.Store(i, value);
        });
        k.Barrier();
    }

    private string Name(string pass, Wait wait) => $"{pass}_{_cell.Word}_{_units}{(wait == Wait.Grid ? "_grid" : "")}";
}
