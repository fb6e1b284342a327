using System.Reflection;

namespace Orleans.Tbptt.Tests.Support;

/// <summary>An interface of which a test needs a call or two.</summary>
public class Fake : DispatchProxy
{
    private Func<MethodInfo, object?[], object?> _answer = null!;

    public static T Of<T>(Func<MethodInfo, object?[], object?> answer) where T : class
    {
        var proxy = Create<T, Fake>();
        ((Fake)(object)proxy)._answer = answer;
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => _answer(targetMethod!, args ?? []);
}
