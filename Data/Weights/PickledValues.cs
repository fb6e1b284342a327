namespace Orleans.Tbptt.Data.Weights;

/// <summary>A class or a function of Python, which a pickle names.</summary>
internal sealed record PickledName(string Module, string Name)
{
    public override string ToString() => $"{Module}.{Name}";
}

/// <summary>What a class or a function that is not known here would have made: nothing but its name is kept.</summary>
/// <param name="Class">The name.</param>
/// <param name="IsCalled">Whether it would have been called, as a function is, where a module is made without a call.</param>
internal sealed record PickledObject(string Class, bool IsCalled);

/// <summary>A tuple.</summary>
internal sealed record PickledTuple(object?[] Items);

/// <summary>The elements of one or more tensors.</summary>
/// <param name="Type">Their type in PyTorch.</param>
/// <param name="Key">The name of their file in the archive.</param>
/// <param name="Count">How many.</param>
internal sealed record PickledStorage(string Type, string Key, long Count);

/// <summary>A tensor.</summary>
/// <param name="Storage">What its elements are a part of.</param>
/// <param name="Offset">Its first element.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Strides">How many elements lie between neighbours on each axis.</param>
/// <param name="HasMetadata">Whether its values are others than those of the elements, such as their negatives.</param>
internal sealed record PickledTensor(PickledStorage Storage, long Offset, long[] Shape, long[] Strides, bool HasMetadata)
{
    /// <summary>How many elements it has; null where they are not in its storage.</summary>
    public long? Elements
    {
        get
        {
            long elements = Shape.Contains(0) ? 0 : 1;
            foreach (long size in Shape)
            {
                if (size < 0 || (elements != 0 && elements > Storage.Count / size))
                    return null;
                elements *= size;
            }

            return Offset >= 0 && Offset <= Storage.Count - elements ? elements : null;
        }
    }

    /// <summary>Whether its elements lie one behind the other; of a tensor whose elements are in its storage.</summary>
    public bool IsContiguous
    {
        get
        {
            // The stride of an axis of one element means nothing, and of no elements none does.
            long expected = 1;
            for (int axis = Shape.Length - 1; axis >= 0 && !Shape.Contains(0); axis--)
            {
                if (Shape[axis] != 1 && Strides[axis] != expected)
                    return false;
                expected *= Shape[axis];
            }

            return true;
        }
    }
}

/// <summary>A dictionary; of keys that are no texts only one is kept.</summary>
internal sealed class PickledDictionary
{
    public Dictionary<string, object?> Entries { get; } = new(StringComparer.Ordinal);

    public string? OtherKey { get; private set; }

    public bool IsEmpty => Entries.Count == 0 && OtherKey is null;

    public void Set(object? key, object? value)
    {
        if (key is string name)
            Entries[name] = value;
        else
            OtherKey ??= key is long number ? FormattableString.Invariant($"{number}") : "a key that is no text";
    }
}
