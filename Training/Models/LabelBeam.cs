using Orleans.Tbptt.Numerics;

namespace Orleans.Tbptt.Training.Models;

/// <summary>A label of a sequence.</summary>
/// <param name="Class">Its class.</param>
/// <param name="Step">The time step, from 0, at which it most likely begins, given the labels before it.</param>
public readonly record struct BeamLabel(int Class, int Step);

/// <summary>
/// The labels that are likeliest over all paths which stand for them, of scores of classes trained with CTC: prefix beam search without a
/// language model (Graves, 2012; Hannun and others, 2014, "First-pass large vocabulary continuous speech recognition using bi-directional
/// recurrent DNNs"). Greedy decoding takes the likeliest path instead, which may be one of few for its labels.
/// </summary>
/// <remarks>
/// Of each prefix the probabilities of its paths that end with a blank, and of those that do not, are summed as logarithms in float64, in a
/// fixed order, with this program's exponential and logarithm: the same labels on every processor. With a width of at least as many
/// prefixes as there are it is exact. Not thread-safe.
/// </remarks>
public sealed class LabelBeam
{
    private readonly int _width;
    private readonly int _blank;
    private readonly double[] _logs;
    private readonly List<Prefix> _next = [];
    private List<Prefix> _beam = [];
    private int _step;

    /// <summary>Creates a beam, at the start of a sequence.</summary>
    /// <param name="width">Prefixes that are kept from a time step to the next; 1 or more.</param>
    /// <param name="classes">How many classes there are, the blank included.</param>
    /// <param name="blank">The class that stands for no label.</param>
    public LabelBeam(int width, int classes, int blank)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(blank);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(blank, classes);

        (_width, _blank, _logs) = (width, blank, new double[classes]);
        Begin();
    }

    /// <summary>ln of the probability of the likeliest labels so far, as far as their prefixes were kept.</summary>
    public double LogProbability => _beam[0].Total;

    /// <summary>The likeliest labels so far.</summary>
    public IReadOnlyList<BeamLabel> Labels
    {
        get
        {
            var labels = new List<BeamLabel>();
            for (var prefix = _beam[0]; prefix.Parent is { } parent; prefix = parent)
                labels.Add(new(prefix.Class, prefix.Step));
            labels.Reverse();
            return labels;
        }
    }

    /// <summary>Begins another sequence.</summary>
    public void Begin()
    {
        _beam = [new(null, _blank) { Total = 0, Blank = 0, Open = double.NegativeInfinity }];
        _step = 0;
    }

    /// <summary>Takes the next time step.</summary>
    /// <param name="scores">The score of each class; their softmax is the probabilities.</param>
    /// <returns>False, and nothing is taken, where one of them is not finite.</returns>
    public bool TryAdd(ReadOnlySpan<double> scores)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(scores.Length, _logs.Length);

        double largest = double.NegativeInfinity, sum = 0;
        foreach (double score in scores)
        {
            if (!double.IsFinite(score))
                return false;
            largest = Math.Max(largest, score);
        }

        foreach (double score in scores)
            sum += PortableExponential.Of(score - largest);
        double shift = largest + PortableLogarithm.Of(sum);
        for (int k = 0; k < scores.Length; k++)
            _logs[k] = scores[k] - shift;

        _next.Clear();
        foreach (var prefix in _beam)
            Extend(prefix);
        foreach (var prefix in _next)
            prefix.Take();
        _next.Sort(static (one, other) => one.CompareTo(other));
        for (int i = 0; i < _next.Count; i++)
            _next[i].IsKept = i < _width;
        foreach (var dropped in _next.Skip(_width))
            dropped.Forget();
        _beam = [.. _next.Take(_width)];
        _step++;
        return true;
    }

    private void Extend(Prefix prefix)
    {
        var stays = Reach(prefix);
        stays.NextBlank = LogAdd(stays.NextBlank, prefix.Total + _logs[_blank]);
        for (int k = 0; k < _logs.Length; k++)
        {
            if (k == _blank)
                continue;
            bool isSame = prefix.Parent is not null && k == prefix.Class;
            if (isSame)
                stays.NextOpen = LogAdd(stays.NextOpen, prefix.Open + _logs[k]);

            // The same class again is a further label behind a blank only.
            double further = (isSame ? prefix.Blank : prefix.Total) + _logs[k];
            if (double.IsNegativeInfinity(further))
                continue;
            var longer = Reach(prefix.Child(k));
            longer.NextOpen = LogAdd(longer.NextOpen, further);
            if (further > longer.Largest)
                (longer.Largest, longer.Step) = (further, _step);
        }
    }

    private Prefix Reach(Prefix prefix)
    {
        if (prefix.ReachedAt != _step)
        {
            (prefix.ReachedAt, prefix.NextBlank, prefix.NextOpen) = (_step, double.NegativeInfinity, double.NegativeInfinity);
            _next.Add(prefix);
        }

        return prefix;
    }

    private static double LogAdd(double a, double b)
    {
        double larger = Math.Max(a, b), smaller = Math.Min(a, b);
        return double.IsNegativeInfinity(smaller) ? larger
            : larger + PortableLogarithm.Of(1 + PortableExponential.Of(smaller - larger));
    }

    /// <summary>Labels that a sequence may begin with.</summary>
    private sealed class Prefix(Prefix? parent, int label) : IComparable<Prefix>
    {
        private readonly int _length = parent is null ? 0 : parent._length + 1;
        private Dictionary<int, Prefix>? _children;

        public Prefix? Parent { get; } = parent;

        public int Class { get; } = label;

        /// <summary>ln of the probability of its paths that end with a blank.</summary>
        public double Blank { get; set; } = double.NegativeInfinity;

        /// <summary>ln of the probability of its paths that end with its last label.</summary>
        public double Open { get; set; } = double.NegativeInfinity;

        public double Total { get; set; } = double.NegativeInfinity;

        public double NextBlank { get; set; }

        public double NextOpen { get; set; }

        public int ReachedAt { get; set; } = -1;

        /// <summary>Whether it is in the beam.</summary>
        public bool IsKept { get; set; }

        /// <summary>ln of the largest probability with which its last label began at a time step, and that time step.</summary>
        public double Largest { get; set; } = double.NegativeInfinity;

        public int Step { get; set; }

        public Prefix Child(int label)
        {
            _children ??= [];
            if (!_children.TryGetValue(label, out var child))
                _children.Add(label, child = new(this, label));
            return child;
        }

        /// <summary>Lets go what no prefix of the beam begins with, so that memory does not grow with the sequence.</summary>
        public void Forget()
        {
            for (var one = this; one is { IsKept: false, Parent: { } parent } && one._children is not { Count: > 0 }; one = parent)
                parent._children!.Remove(one.Class);
        }

        public void Take() => (Blank, Open, Total) = (NextBlank, NextOpen, LogAdd(NextBlank, NextOpen));

        /// <summary>The likeliest first; of equal ones the one with fewer labels, then that whose first other label is smaller.</summary>
        public int CompareTo(Prefix? other)
        {
            int order = other!.Total.CompareTo(Total);
            return order != 0 ? order : _length != other._length ? _length.CompareTo(other._length) : CompareLabels(this, other);
        }

        private static int CompareLabels(Prefix one, Prefix other)
        {
            int order = 0;
            for (; one != other; (one, other) = (one.Parent!, other.Parent!))
                order = one.Class != other.Class ? one.Class.CompareTo(other.Class) : order;
            return order;
        }
    }
}
