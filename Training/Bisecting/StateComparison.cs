using System.Globalization;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Training.Bisecting;

/// <summary>Finds the arrays of two states whose bits are not the same: parameters, optimizers, averages, hidden states, counts.</summary>
internal static class StateComparison
{
    /// <summary>Those of two states; empty where their hashes are equal.</summary>
    /// <param name="a">The first state.</param>
    /// <param name="specA">Its run's spec, every size known.</param>
    /// <param name="b">The second state.</param>
    /// <param name="specB">Its run's spec.</param>
    public static IReadOnlyList<UnlikeTensor> Between(TrainingState a, RunSpec specA, TrainingState b, RunSpec specB)
    {
        var found = new List<UnlikeTensor>();
        found.AddRange(OfParameters("parameters", a.Layout, a.Parameters, b.Layout, b.Parameters));
        foreach (string name in a.Buffers.Concat(b.Buffers).Select(buffer => buffer.Name).Distinct())
        {
            string part = TrainingState.IsOfTheRecipe(name) ? name.Replace('_', ' ') : $"optimizer {name}";
            found.AddRange(OfParameters(part, a.Layout, Buffer(a, name), b.Layout, Buffer(b, name)));
        }

        found.AddRange(OfHidden(a, specA, b, specB));
        found.AddRange(Count("steps", a.Step, b.Step));
        found.AddRange(Count("updates", a.Updates, b.Updates));
        found.AddRange(Count("updates of the optimizer", a.Optimizer.Count, b.Optimizer.Count));
        found.AddRange(Count("updates of the average", a.Average.Count, b.Average.Count));
        found.AddRange(Count("shards with an optimizer", a.TrainerOptimizers.Count, b.TrainerOptimizers.Count));
        foreach (var (shard, (one, other)) in a.TrainerOptimizers.Zip(b.TrainerOptimizers).Index())
        {
            found.AddRange(Count($"updates of shard {shard}", one.Count, other.Count));
            foreach (var (i, name) in one.Names.Index().Where(name => other.Names.Contains(name.Item)))
            {
                found.AddRange(OfParameters(
                    $"optimizer {name} of shard {shard}", a.Layout, one.Average(i).Span, b.Layout,
                    other.Average(other.Names.ToList().IndexOf(name)).Span));
            }
        }

        return found;
    }

    /// <summary>Those of something as long as the parameters, such as a gradient.</summary>
    /// <param name="part">What it is.</param>
    /// <param name="layoutA">The first one's parameters.</param>
    /// <param name="a">The first one; empty where there is none.</param>
    /// <param name="layoutB">The second one's parameters.</param>
    /// <param name="b">The second one.</param>
    public static IReadOnlyList<UnlikeTensor> OfParameters(
        string part, ParameterLayout layoutA, ReadOnlySpan<float> a, ParameterLayout layoutB, ReadOnlySpan<float> b)
    {
        var found = new List<UnlikeTensor>();
        foreach (string name in layoutA.Slots.Concat(layoutB.Slots).Select(slot => slot.Name).Distinct())
        {
            var one = a.IsEmpty ? null : layoutA.Slots.FirstOrDefault(slot => slot.Name == name);
            var other = b.IsEmpty ? null : layoutB.Slots.FirstOrDefault(slot => slot.Name == name);
            if (one is null && other is null)
                continue;
            if (one is null || other is null || !one.Shape.SequenceEqual(other.Shape))
            {
                found.Add(new(part, name, [], ShapeOf(one), ShapeOf(other), (one ?? other!).Length, (one ?? other!).Length));
                continue;
            }

            var difference = Compare(
                part, name, one.Shape, a.Slice(one.Offset, one.Length), b.Slice(other.Offset, other.Length));
            if (difference is not null)
                found.Add(difference);
        }

        return found;
    }

    private static ReadOnlySpan<float> Buffer(TrainingState state, string name) =>
        state.Buffers.FirstOrDefault(buffer => buffer.Name == name).Values.Span;

    private static IEnumerable<UnlikeTensor> OfHidden(TrainingState a, RunSpec specA, TrainingState b, RunSpec specB)
    {
        var (layout, other) = (new HiddenLayout(specA.Model), new HiddenLayout(specB.Model));
        var names = specA.Model.Cell.StateNames;
        if (a.Hidden.Length != b.Hidden.Length || layout.Length != other.Length || layout.Layers != other.Layers
            || !names.SequenceEqual(specB.Model.Cell.StateNames))
        {
            yield return new(
                "hidden state", "of all lanes", [], $"{a.Hidden.Length} numbers", $"{b.Hidden.Length} numbers", a.Hidden.Length,
                a.Hidden.Length);
            yield break;
        }

        // [lane][newest, one chunk earlier, …][h, c][layer][unit]
        for (int first = 0; first < a.Hidden.Length; first += layout.Length)
        {
            int lane = first / a.PerLane, back = first % a.PerLane / layout.Length;
            for (int state = 0; state < layout.States; state++)
            {
                for (int layer = 0; layer < layout.Layers; layer++)
                {
                    int at = first + layout.Offset(state, layer), width = layout.Width(state);
                    string name = back == 0 ? names[state] : $"{names[state]} of {back} chunks before";
                    var unlike = Compare("hidden state", name, [width], a.Hidden.AsSpan(at, width), b.Hidden.AsSpan(at, width));
                    if (unlike is not null)
                        yield return unlike with { Lane = lane, Layer = layer };
                }
            }
        }
    }

    private static IEnumerable<UnlikeTensor> Count(string name, long a, long b)
    {
        if (a != b)
            yield return new("count", name, [], $"{a}", $"{b}", 1, 1);
    }

    private static UnlikeTensor? Compare(
        string part, string name, IReadOnlyList<int> shape, ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        int first = -1;
        long unlike = 0;
        for (int i = 0; i < a.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits(a[i]) == BitConverter.SingleToInt32Bits(b[i]))
                continue;
            first = first < 0 ? i : first;
            unlike++;
        }

        return unlike == 0 ? null : new(part, name, IndexOf(first, shape), Exact(a[first]), Exact(b[first]), unlike, a.Length);
    }

    private static int[] IndexOf(int element, IReadOnlyList<int> shape)
    {
        int[] index = new int[shape.Count];
        for (int i = shape.Count - 1; i >= 0; i--)
            (element, index[i]) = (element / shape[i], element % shape[i]);
        return index;
    }

    private static string? ShapeOf(ParameterSlot? slot) => slot is null ? null : $"[{string.Join(", ", slot.Shape)}]";

    private static string Exact(float value) => value.ToString("R", CultureInfo.InvariantCulture);
}
