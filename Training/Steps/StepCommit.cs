using System.Numerics.Tensors;

namespace Orleans.Tbptt.Training.Steps;

/// <summary>
/// Commits a step: average, check, clip, update, carry the hidden state. It works piece by piece, so that a coordinator can add gradients
/// that still arrive and send parameters that are updated already; the size of a piece changes no bit. The state stays as it is until
/// <see cref="Update"/>, which makes all of the step, or finds that the update overflows: then the state is spoiled, and the run ends.
/// </summary>
/// <remarks>
/// Used again for every step: <see cref="Begin"/>, <see cref="Add"/> for each piece in order, then <see cref="Update"/> or
/// <see cref="Diverge"/>; <see cref="Commit"/> does it all for results that are complete.
/// </remarks>
public sealed class StepCommit
{
    /// <summary>
    /// Elements that are clipped, updated, averaged and hashed one after another, because then they are read from memory once: with those
    /// of the running averages they fit into a processor's second cache. The number changes no bit.
    /// </summary>
    private const int Block = 1 << 14;

    private readonly TrainingState _state;
    private readonly Specs.TrainSpec _train;
    private readonly int _piece;
    private readonly float[] _gradient;
    private IReadOnlyList<ShardResult> _heads = [];
    private FixedSum _squares;
    private double _weight;
    private double _updateWeight;
    private double _lossSum;
    private bool _isAverageFinite;

    /// <summary>Prepares for steps of a state.</summary>
    /// <param name="state">The committed state.</param>
    /// <param name="train">How it is trained.</param>
    /// <param name="piece">Elements of a piece; a multiple of 8. The last one may be shorter.</param>
    public StepCommit(TrainingState state, Specs.TrainSpec train, int piece)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(piece % FixedSum.Width, 0, nameof(piece));
        (_state, _train, _piece) = (state, train, piece);
        _gradient = GC.AllocateUninitializedArray<float>(state.Layout.Length);
        Pieces = (state.Layout.Length + piece - 1) / piece;
    }

    /// <summary>What the scheduled learning rate is multiplied by in the next update: 1, except where chunk lengths are random.</summary>
    public double RateFactor { get; set; } = 1;

    /// <summary>How many pieces the parameters have.</summary>
    public int Pieces { get; }

    /// <summary>Whether loss and gradient are finite, as soon as every piece is in.</summary>
    public bool IsFinite => double.IsFinite(_lossSum) && double.IsFinite(Norm);

    /// <summary>
    /// Whether the chunk is the last one of its update: only then is an update made. Otherwise its gradient is added to those before it.
    /// Default true; set before <see cref="Begin"/>.
    /// </summary>
    public bool ClosesUpdate { get; set; } = true;

    /// <summary>Of the average over the chunks of the update so far.</summary>
    private double Norm => Math.Sqrt(_squares.Value) / (ClosesUpdate || !HasTargets ? 1 : _updateWeight);

    private bool HasTargets => _updateWeight > 0;

    private bool Accumulates => _state.GradientSum.Length > 0;

    /// <summary>A piece of something as long as the parameters.</summary>
    public Memory<float> Piece(Memory<float> whole, int index) =>
        whole.Slice(index * _piece, Math.Min(_piece, whole.Length - index * _piece));

    /// <summary>Makes a step of the shards' complete results.</summary>
    /// <param name="shards">The results, in order of shard.</param>
    /// <returns>
    /// <see cref="StepOutcome.Committed"/>, or <see cref="StepOutcome.Diverged"/> with the state as it was unless the update overflowed.
    /// </returns>
    public StepOutcome Commit(IReadOnlyList<ShardResult> shards)
    {
        Begin(shards);
        var sums = new ReadOnlyMemory<float>[shards.Count];
        for (int piece = 0; piece < Pieces; piece++)
        {
            for (int shard = 0; shard < sums.Length; shard++)
                sums[shard] = Piece(shards[shard].GradientSum, piece);
            Add(piece, sums);
        }

        return IsFinite ? Update() : Diverge([.. shards.Select(shard => Largest(shard.GradientSum.Span))]);
    }

    /// <summary>Begins with what shards gave besides their gradients, in order of shard; what was begun before is forgotten.</summary>
    /// <param name="heads">Their <see cref="ShardResult.GradientSum"/> is not looked at.</param>
    /// <exception cref="InvalidDataException">Their hidden states are not those of all lanes.</exception>
    public void Begin(IReadOnlyList<ShardResult> heads)
    {
        long hidden = 0;
        foreach (var head in heads)
            hidden += head.Hidden.Length;
        _state.EnsureHiddenFits(hidden);
        _heads = heads;
        (_squares, _isAverageFinite) = (default, true);
        _weight = PairwiseTree.Sum([.. heads.Select(head => head.Weight)]);
        _updateWeight = _state.GradientWeight + _weight;
        _lossSum = PairwiseTree.Sum([.. heads.Select(head => head.LossSum)]);
    }

    /// <summary>
    /// Adds the gradient sums of one piece over the shards and divides by the weight of all: never a mean of the shards' means, which
    /// would favour the elements of a small share. Pieces come in order.
    /// </summary>
    /// <param name="index">The piece, from 0.</param>
    /// <param name="nodes">For each shard its own sum, or that of the tree's node that begins with it; empty where a node has it
    /// already.</param>
    public void Add(int index, ReadOnlySpan<ReadOnlyMemory<float>> nodes)
    {
        // Without a target anywhere every gradient is 0, and stays it.
        var mean = Piece(_gradient, index).Span;
        var sum = PairwiseTree.Sum(nodes, mean);
        if (Accumulates)
        {
            TensorPrimitives.Add(Piece(_state.GradientSum, index).Span, sum, mean);
            sum = mean;
        }

        if (ClosesUpdate)
            TensorPrimitives.Divide(sum, HasTargets ? (float)_updateWeight : 1, mean);
        _squares.AddSquares(mean);
    }

    /// <summary>
    /// Clips, updates and takes the new hidden state over. Nothing of it waits or fails, so the state never holds half a step; where a
    /// parameter or a running average overflows, the step does not count, and the state is not to be used again. A step that does not close
    /// its update keeps the gradient and takes the hidden state over. One of masked targets alone takes only the hidden state over: there
    /// is nothing to learn from, and an optimizer with momentum, or one that counts its updates, would move on by itself.
    /// </summary>
    /// <param name="updated">Called with the index of every piece whose parameters are updated; must not throw.</param>
    public StepOutcome Update(Action<int>? updated = null)
    {
        double norm = Norm;
        if (!IsFinite)
            throw new InvalidOperationException($"the step is not finite: loss sum {_lossSum}, gradient norm {norm}");
        double learningRate = RateFactor * _train.LearningRateAt(_state.Updates, _state.Losses);
        bool isUpdate = HasTargets && ClosesUpdate;
        if (isUpdate)
            BeginUpdate(learningRate);
        var hasher = _state.HasherAt(_state.Step + 1);
        hasher?.Begin();
        for (int i = 0; i < Pieces; i++)
        {
            UpdatePiece(i, isUpdate ? norm : null, hasher);
            updated?.Invoke(i);
        }

        if (!_state.Optimizer.IsFinite || !_isAverageFinite)
            return new StepOutcome.Diverged($"step {_state.Step + 1}: {Divergence.Describe(_state, _gradient)}");
        if (Accumulates)
            CloseOrKeep();
        _state.Advance(_heads, _lossSum, _weight);
        return new StepOutcome.Committed(StepOutcome.Mean(_lossSum, _weight), norm, learningRate, _weight) { Hash = hasher?.Finish() };
    }

    private void BeginUpdate(double learningRate)
    {
        _state.Optimizer.Begin(learningRate);
        if (_state.Average.IsTaking)
            _state.Average.Begin();
    }

    private void CloseOrKeep()
    {
        if (ClosesUpdate)
        {
            _state.CloseUpdate();
            return;
        }

        _state.KeepUpdateOpen(_gradient, _updateWeight);
    }

    /// <param name="index">The piece.</param>
    /// <param name="norm">The norm of the whole gradient; null where no update is made.</param>
    /// <param name="hasher">Takes what is updated, or would be; null where nobody asks for the hash.</param>
    private void UpdatePiece(int index, double? norm, StateHasher? hasher)
    {
        int end = Math.Min((index + 1) * _piece, _gradient.Length);
        for (int first = index * _piece; first < end; first += Block)
        {
            int count = Math.Min(Block, end - first);
            if (norm is { } whole)
                UpdateBlock(first, count, whole);
            hasher?.Add(first, count);
        }
    }

    private void UpdateBlock(int first, int count, double norm)
    {
        var gradient = _gradient.AsSpan(first, count);
        Clipping.Apply(_train, gradient, norm);
        var parameters = _state.Parameters.AsSpan(first, count);
        _state.Optimizer.Update(first, parameters, gradient);
        if (_state.Average.IsTaking)
            _isAverageFinite &= _state.Average.Take(first, parameters);
    }

    /// <summary>Says in words why the step is not finite; the state stays as it is.</summary>
    /// <param name="largest">Each shard's largest gradient.</param>
    public StepOutcome.Diverged Diverge(IReadOnlyList<LargestGradient> largest) => new(
        Divergence.Find(_state.Step, [.. _heads.Select(head => head.LossSum)], largest, _state.Layout)
        ?? $"step {_state.Step + 1}: the sum over the shards overflows (loss {_lossSum}, gradient norm {Norm})");

    /// <summary>A shard's largest gradient, for <see cref="Diverge"/>.</summary>
    public static LargestGradient Largest(ReadOnlySpan<float> gradient) => Divergence.Largest(gradient);
}
