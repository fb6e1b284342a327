using System.Runtime.CompilerServices;
using Orleans.Tbptt.Training.Fused.Matrices;
using Orleans.Tbptt.Training.Fused.Simd;

namespace Orleans.Tbptt.Training.Fused.Cells;

/// <summary>
/// sLSTM (xLSTM, Beck et al., 2024, section 2.2), one head: gates i, f, z, o with f and o sigmoids, z a tanh and i an exponential; a
/// normaliser n and a stabiliser m next to c. With ĩ the sum of i: m = max(ln f + m', ĩ), i = e^(ĩ − m), f = f·e^(m' − m),
/// c = f·c' + i·z, n = f·n' + i, h = o·c / n. At a sequence's start, where n' is 0, m = ĩ, as in the authors' program.
/// </summary>
/// <remarks>
/// c / n does not depend on m, and m is a constant for the gradient, which is exact: what the derivatives by way of m add to those of c and
/// n cancels. One of i and f is 1, so n is 1 at least.
/// </remarks>
public sealed unsafe record SlstmCell : RecurrentCell
{
    /// <inheritdoc/>
    public override string Word => "slstm";

    /// <inheritdoc/>
    public override string About => "sLSTM of xLSTM (Beck et al., 2024), with exponential gates, a normaliser and a stabiliser; one head";

    /// <inheritdoc/>
    public override int Gates => 4;

    /// <inheritdoc/>
    public override IReadOnlyList<string> StateNames => ["h", "c", "n", "m"];

    /// <summary>1 − f, the derivative of ln f.</summary>
    internal override int Kept => 1;

    /// <inheritdoc/>
    public override int? ForgetGate => 1;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Forward(CellMemory memory, TimeStep at)
    {
        int units = memory.Units;
        Rows c = memory.History(1), n = memory.History(2), m = memory.History(3);
        for (int lane = 0; lane < at.Lanes; lane++)
        {
            int before = at.Before + lane, after = memory.Lanes + at.Row + lane;
            var from = new State(null, c[before], n[before], m[before]);
            var to = new State(memory.Hidden[after], c[after], n[after], m[after]);
            Elementwise.Run(new ForwardWork(units, memory.Gates[at.Row + lane], from, to, memory.Kept[at.Row + lane]), units);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Backward(CellMemory memory, TimeStep at)
    {
        int units = memory.Units;
        Rows c = memory.History(1), n = memory.History(2), dc = memory.StateGradient(1), dn = memory.StateGradient(2);
        for (int lane = 0; lane < at.Lanes; lane++)
        {
            int before = at.Before + lane, after = memory.Lanes + at.Row + lane;
            var from = new State(null, c[before], n[before], null);
            var to = new State(null, c[after], n[after], null);
            var gradient = new State(memory.OutputGradient[at.Row + lane], dc[at.First + lane], dn[at.First + lane], null);
            Elementwise.Run(new BackwardWork(units, memory.Gates[at.Row + lane], from, to, gradient, memory.Kept[at.Row + lane]), units);
        }
    }

    /// <summary>The states of a lane, or their gradients; null what is not needed.</summary>
    internal override void ForwardUnit<T>(CellUnit unit) =>
        new ForwardWork(unit.Units, unit.Gates, Of(unit.Before), Of(unit.After), unit.Kept).Do<T>(0);

    internal override void BackwardUnit<T>(CellUnit unit) =>
        new BackwardWork(
            unit.Units, unit.Gates, Of(unit.Before), Of(unit.After),
            Of([(nint)unit.OutputGradient, unit.StateGradient[1], unit.StateGradient[2], 0]), unit.Kept).Do<T>(0);

    private static State Of(nint[] states) => new((float*)states[0], (float*)states[1], (float*)states[2], (float*)states[3]);

    private readonly struct State(float* h, float* c, float* n, float* m)
    {
        public readonly float* H = h;
        public readonly float* C = c;
        public readonly float* N = n;
        public readonly float* M = m;
    }

    private readonly struct ForwardWork(int units, float* gates, State before, State after, float* kept) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            float* gate = gates + at;
            T inputSum = T.Load(gate), forgetSum = T.Load(gate + units), normaliser = T.Load(before.N + at), zero = T.Of(0);
            var decayed = Activation.LogSigmoid(forgetSum) + T.Load(before.M + at);
            var m = T.WhereLess(decayed, inputSum, inputSum, decayed);
            m = T.WhereLess(zero, normaliser, m, inputSum);

            // At a sequence's start, where m is not the larger one, f multiplies zeros: it must be finite.
            var excess = decayed - m;
            excess = T.WhereLess(zero, excess, zero, excess);
            T i = Activation.Exp(inputSum - m), f = Activation.Exp(excess);
            T z = Activation.Tanh(T.Load(gate + 2 * units)), o = Activation.Sigmoid(T.Load(gate + 3 * units));
            var c = T.MultiplyAdd(f, T.Load(before.C + at), i * z);
            var n = T.MultiplyAdd(f, normaliser, i);
            T.Store(i, gate);
            T.Store(f, gate + units);
            T.Store(z, gate + 2 * units);
            T.Store(o, gate + 3 * units);
            T.Store(Activation.Sigmoid(-forgetSum), kept + at);
            T.Store(c, after.C + at);
            T.Store(n, after.N + at);
            T.Store(m, after.M + at);
            T.Store(o * (c / n), after.H + at);
        }
    }

    private readonly struct BackwardWork(int units, float* gates, State before, State after, State gradient, float* kept) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Do<T>(int at) where T : unmanaged, IFloats<T>
        {
            float* gate = gates + at;
            T i = T.Load(gate), f = T.Load(gate + units), z = T.Load(gate + 2 * units), o = T.Load(gate + 3 * units);
            T dh = T.Load(gradient.H + at), n = T.Load(after.N + at), one = T.Of(1);
            var ratio = T.Load(after.C + at) / n;
            var scaled = dh * o / n;
            var dc = scaled + T.Load(gradient.C + at);
            var dn = T.MultiplyAdd(-scaled, ratio, T.Load(gradient.N + at));
            T.Store(T.MultiplyAdd(dc, z, dn) * i, gate);
            T.Store(T.MultiplyAdd(dc, T.Load(before.C + at), dn * T.Load(before.N + at)) * (f * T.Load(kept + at)), gate + units);
            T.Store(dc * i * T.MultiplyAdd(-z, z, one), gate + 2 * units);
            T.Store(dh * ratio * (o * (one - o)), gate + 3 * units);
            T.Store(dc * f, gradient.C + at);
            T.Store(dn * f, gradient.N + at);
        }
    }
}
