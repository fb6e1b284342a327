using System.Collections.Concurrent;
using System.Reflection;

namespace Orleans.Tbptt.Data.Hdf5;

/// <summary>
/// What PureHDF knows of a dataset and does not make public: byte order, exponent, filters, places. It compares the sizes of types alone,
/// and reads bfloat16 as Half and float as int, so that a dataset may be read by those facts only. A release without one of these members
/// refuses every file.
/// </summary>
internal static class Internals
{
    private static readonly ConcurrentDictionary<(Type, string), PropertyInfo> Properties = new();

    /// <summary>The value of a property.</summary>
    /// <exception cref="MissingMemberException">This PureHDF has no such property.</exception>
    public static T Get<T>(object of, string name) => GetOrNull(of, name) is T value ? value
        : throw new MissingMemberException(of.GetType().FullName, name);

    /// <summary>The value of a property that may be null.</summary>
    /// <exception cref="MissingMemberException">This PureHDF has no such property.</exception>
    public static object? GetOrNull(object of, string name) => Properties.GetOrAdd((of.GetType(), name), static key => Find(key))
        .GetValue(of);

    /// <summary>A type of PureHDF by its name.</summary>
    public static Type TypeOf(string name) =>
        typeof(PureHDF.VOL.Native.NativeDataset).Assembly.GetType($"PureHDF.VOL.Native.{name}", throwOnError: true)!;

    /// <summary>A method of a type of PureHDF.</summary>
    /// <exception cref="MissingMemberException">This PureHDF has no such method.</exception>
    public static MethodInfo Method(Type of, string name) =>
        of.GetMethod(name, BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
        ?? throw new MissingMemberException(of.FullName, name);

    // A property that a base class keeps private is not found by the class that was derived.
    private static PropertyInfo Find((Type Type, string Name) key)
    {
        for (Type? type = key.Type; type is not null; type = type.BaseType)
        {
            if (type.GetProperty(key.Name, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic
                | BindingFlags.DeclaredOnly) is { } property)
            {
                return property;
            }
        }

        throw new MissingMemberException(key.Type.FullName, key.Name);
    }
}
