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

    /// <summary>Which part of a time step a launch computes: all of them, or one of those between which all blocks wait.</summary>
    public const int WholeStep = 0, FirstPart = 1, SecondPart = 2, ThirdPart = 3;

    private readonly RecurrentCell _cell;
    private readonly int _units;
    private readonly ZonedState[] _zones;

    /// <summary>Makes the kernels of a cell.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="units">Its units.</param>
    /// <param name="zones">The states of which some units stay as they were.</param>
    public SweepKernels(RecurrentCell cell, int units, params ZonedState[] zones)
    {
        (_cell, _units, _zones, Shape) = (cell, units, zones, new(cell, units));
        (Forward, ForwardOverGrid) = (MakeForward(Wait.Block), MakeForward(Wait.Grid));
        (Backward, BackwardOverGrid) = (MakeBackward(Wait.Block), MakeBackward(Wait.Grid));
    }

    /// <summary>Who waits for whom between time steps.</summary>
    private enum Wait
    {
        Block,
        Grid,
    }

    /// <summary>The states of which some units stay as they were.</summary>
    public IReadOnlyList<ZonedState> Zones => _zones;

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

    /// <summary>Parts of a forward time step.</summary>
    public int ForwardParts => HasTwoProducts ? SecondPart : FirstPart;

    /// <summary>Parts of a backward time step.</summary>
    public int BackwardParts => HasTwoProducts ? ThirdPart : SecondPart;

    private bool HasTwoProducts => _cell.ResetsFirst || _cell.Projection is not null;

    /// <summary>Numbers of h.</summary>
    private int Hidden => Shape.Hidden;

    private int Sums => _cell.Gates * _units;

    private KernelCode MakeForward(Wait wait) => KernelBuilder.Build(Name("forward", wait), Shape.MostThreads, k =>
    {
        var at = new SweepThread(k, _cell, Shape, _zones);
        var bias = k.PointerParameter();
        var (part, first, last) = (k.IntParameter(), k.IntParameter(), k.IntParameter());
        var (left, weights) = (k.Share(SweepShape.MostLanes * SweepShape.Row), k.Share(Shape.Resident ? Shape.WeightNumbers : 0));
        if (Shape.HasWeights && Shape.Resident)
            LoadForward(k, at, weights);
        var arrivals = k.Variable((Int)0);
        k.For(first, last, 1, step =>
        {
            at.Enter(step);
            if (_cell.ResetsFirst)
            {
                ResetKernels.Forward(k, at, _units, left, part, Weight, () => at.WaitForOthers(wait == Wait.Grid, arrivals));
                return;
            }

            if (_cell.Projection is null)
                Cell();
            else
                ProjectionKernels.Forward(k, at, Shape, left, part, Cell, () => at.WaitForOthers(wait == Wait.Grid, arrivals));
            at.WaitForOthers(wait == Wait.Grid, arrivals);
        });

        void Cell()
        {
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
                at.EachTerm(left, Hidden, (row, term) => at.States[0][((at.Before + row) * Hidden) + term], (place, term) =>
                {
                    for (int gate = 0; gate < _cell.Gates; gate++)
                    {
                        var weight = Weight(gate, term);
                        for (int lane = 0; lane < SweepShape.Lanes; lane++)
                        {
                            k.Assign(
                                sums[gate, lane], F32.MultiplyAdd(place[lane * SweepShape.Row], weight, sums[gate, lane]));
                        }
                    }
                });
            }

            at.EachActive((lane, row) => at.TraceForward(row, Shape.HasWeights ? gate => sums[gate, lane] : null));
        }

        F32 Weight(int gate, Int term) => Shape.Resident
            ? weights[((at.LocalUnit + (gate * Shape.BlockUnits)) * (Hidden + 1)) + term]
            : at.Weight[((at.UnitOrLast + (gate * _units)) * Hidden) + term];
    });

    private KernelCode MakeBackward(Wait wait) => KernelBuilder.Build(Name("backward", wait), Shape.MostThreads, k =>
    {
        var at = new SweepThread(k, _cell, Shape, _zones);
        var (part, reachesStart, first, last) = (k.IntParameter(), k.IntParameter(), k.IntParameter(), k.IntParameter());
        var (left, weights) = (k.Share(SweepShape.MostLanes * SweepShape.Row), k.Share(Shape.Resident ? Shape.WeightNumbers : 0));
        if (Shape.HasWeights && Shape.Resident)
            LoadBackward(k, at, weights);
        var arrivals = k.Variable((Int)0);
        k.For(0, last - first, 1, behind =>
        {
            var step = last - 1 - behind;
            at.Enter(step);
            if (_cell.Projection is null)
                k.If(part < SecondPart, () => at.EachActive((_, row) => at.TraceBackward(row)));
            else
                ProjectionKernels.Backward(k, at, Shape, left, part, () => at.WaitForOthers(wait == Wait.Grid, arrivals));
            at.WaitForOthers(wait == Wait.Grid, arrivals);
            if (!Shape.HasWeights)
                return;
            if (_cell.ResetsFirst)
                ResetKernels.Backward(k, at, _units, left, part, Weight, () => at.WaitForOthers(wait == Wait.Grid, arrivals));

            // At the chunk's first time step the gradient ends, unless it reaches a learned state: it has no terms, and goes to rows that
            // nobody reads.
            int all = _cell.ResetsFirst ? Sums - _units : Sums;
            var terms = k.Variable((Int)all);
            k.If(step.Is(0) & reachesStart.Is(0), () => k.Assign(terms, 0));
            for (int other = FirstPart; other < BackwardParts; other++)
                k.If(part.Is(other), () => k.Assign(terms, 0));
            var sums = new F32[SweepShape.Lanes];
            at.EachLane((lane, _) => sums[lane] = k.Variable(0f));
            at.EachHidden((lane, row) => k.Assign(sums[lane], at.OutputGradient[((at.RowBefore + row) * Hidden) + at.Unit]));
            at.EachTerm(left, terms, (row, term) => at.HiddenGates[((at.Row + row) * Sums) + term], (place, term) =>
            {
                var weight = Weight(term);
                for (int lane = 0; lane < SweepShape.Lanes; lane++)
                    k.Assign(sums[lane], F32.MultiplyAdd(place[lane * SweepShape.Row], weight, sums[lane]));
            });
            at.EachHidden((lane, row) => at.OutputGradient.Store(((at.RowBefore + row) * Hidden) + at.Unit, sums[lane]));
        });

        F32 Weight(Int term) => Shape.Resident ? weights[(term * Shape.BlockUnits) + at.LocalUnit]
            : at.Weight[(term * Hidden) + at.HiddenOrLast];
    });

    /// <summary>The weights of the block's units, <c>[gate][unit][unit before]</c>; 0 behind the last unit.</summary>
    private void LoadForward(KernelBuilder k, SweepThread at, Shared weights)
    {
        k.For(k.Thread, Shape.BlockUnits * _cell.Gates * Hidden, at.Threads, i =>
        {
            Int before = i % Hidden, line = i / Hidden;
            Int local = line & (Shape.BlockUnits - 1), unit = at.FirstUnit + local;
            var value = k.Variable(0f);
            k.If(unit < _units, () => k.Assign(value, at.Weight[((((line / Shape.BlockUnits) * _units) + unit) * Hidden) + before]));
            weights.Store((line * (Hidden + 1)) + before, value);
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
            k.If(unit < Hidden, () => k.Assign(value, at.Weight[(sum * Hidden) + unit]));
            weights.Store(i, value);
        });
        k.Barrier();
    }

    private string Name(string pass, Wait wait) => $"{pass}_{_cell.Word}_{_units}{(wait == Wait.Grid ? "_grid" : "")}";
}
