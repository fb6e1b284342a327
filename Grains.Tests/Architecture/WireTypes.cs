using System.Reflection;

namespace Orleans.Tbptt.Tests.Architecture;

/// <summary>What travels between client, silos and grains.</summary>
internal static class WireTypes
{
    private static readonly Type[] Types =
    [
        .. typeof(Orleans.Tbptt.Specs.RunSpec).Assembly.GetTypes(),
        .. typeof(Orleans.Tbptt.Grains.TbpttGrainsOptions).Assembly.GetTypes(),
    ];

    /// <summary>Types with a generated serializer.</summary>
    public static IReadOnlyList<Type> Serialized { get; } =
        [.. Types.Where(type => type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false))];

    public static IReadOnlyList<Type> GrainInterfaces { get; } =
        [.. Types.Where(type => type.IsInterface && typeof(IAddressable).IsAssignableFrom(type))];

    /// <summary>The members that are written, with their ids. Members of a base type count apart.</summary>
    public static IEnumerable<(MemberInfo Member, uint Id)> Members(Type type) =>
        from member in type.GetMembers(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        let id = member.GetCustomAttribute<IdAttribute>()
        where id is not null
        select (member, id.Id);

    /// <summary>
    /// Every type that a grain interface or a serialized type mentions, however deep, down to fields of the product's own types.
    /// </summary>
    public static IReadOnlyCollection<Type> Reachable()
    {
        var seen = new HashSet<Type>();
        var left = new Stack<Type>(Serialized);
        foreach (var method in GrainInterfaces.SelectMany(grain => grain.GetMethods()))
        {
            left.Push(method.ReturnType);
            foreach (var parameter in method.GetParameters())
                left.Push(parameter.ParameterType);
        }

        while (left.TryPop(out var type))
        {
            if (!seen.Add(type))
                continue;
            if (type.HasElementType)
                left.Push(type.GetElementType()!);
            foreach (var argument in type.GetGenericArguments())
                left.Push(argument);
            if (type.Assembly.GetName().Name!.StartsWith("Orleans.Tbptt.", StringComparison.Ordinal))
            {
                if (type.BaseType is { } parent)
                    left.Push(parent);
                foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
                    left.Push(field.FieldType);
            }
        }

        return seen;
    }
}
